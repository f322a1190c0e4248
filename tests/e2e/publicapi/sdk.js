// What a migration does, with Segment's SDK of the Public API.
// usage: node sdk.js NODE_MODULES URL TOKEN create FOLDER | read STATE | watch STATE | plan STATE | delete STATE
// STATE: what create printed
'use strict'
const [modules, url, token, verb, argument] = process.argv.slice(2)
const sdk = require(require('path').join(modules, '@segment/public-api-sdk-typescript'))

const apis = sdk.configureApis(token)
for (const api of Object.values(apis)) api.basePath = url
const { sources, destinations, destinationFilters, catalog, testing, trackingPlans, transformations } = apis
const { deletionAndSuppresion } = apis // the SDK's spelling
const overview = new sdk.DeliveryOverviewApi(url) // which configureApis leaves out
overview.accessToken = token
const page = { count: 2 }
const everything = 'type = "track" or type = "identify"'

async function create(folder) {
  const metadata = (await sdk.unwrap(catalog.getDestinationMetadata('file'))).destinationMetadata
  const kind = (await sdk.unwrap(catalog.getSourcesCatalog({ count: 1 }))).sourcesCatalog[0]
  const { source } = await sdk.unwrap(sources.createSource({ slug: 'migrated', enabled: true, metadataId: kind.id }))
  const [before, after] = [await connect('before'), await connect('after')]
  async function connect(name) {
    const settings = { path: `${folder}/${name}.ndjson` }
    const body = { sourceId: source.id, metadataId: metadata.id, name, enabled: true, settings }
    const { destination } = await sdk.unwrap(destinations.createDestination(body))
    const mapping = { name: 'Everything', actionId: metadata.actions[0].id, trigger: everything, enabled: true }
    mapping.settings = { data: { '@path': '$.' } }
    const made = await sdk.unwrap(destinations.createDestinationSubscription(destination.id, mapping))
    return { id: destination.id, subscription: made.destinationSubscription }
  }
  before.filter = await filter(before.id, '>=')
  after.filter = await filter(after.id, '<')
  async function filter(id, operator) {
    const body = { sourceId: source.id, title: 'Switch', enabled: true, actions: [{ type: 'DROP' }] }
    body.if = `(received_at ${operator} '2999-04-21T19:55:00.933Z')`
    return (await sdk.unwrap(destinationFilters.createFilterForDestination(id, body))).filter
  }
  return { source: source.id, writeKey: source.writeKeys[0], before, after }
}

async function read({ source, before, after }) {
  const dropping = { if: before.filter.if, actions: before.filter.actions }
  const payload = { type: 'track', receivedAt: '3000-01-01T00:00:00.000Z' }
  const moved = { if: before.filter.if.replace('2999', '2000') }
  const renamed = { input: { name: 'All' } }
  return {
    echo: await sdk.unwrap(testing.echo('hello')),
    source: await sdk.unwrap(sources.getSource(source)),
    connected: await sdk.unwrap(sources.listConnectedDestinationsFromSource(source, page)),
    subscriptions: await sdk.unwrap(destinations.listSubscriptionsFromDestination(before.id, page)),
    preview: await sdk.unwrap(destinationFilters.previewDestinationFilter({ filter: dropping, payload })),
    renamed: await sdk.unwrap(
      destinations.updateSubscriptionForDestination(before.id, before.subscription.id, renamed)),
    moved: [
      await sdk.unwrap(destinationFilters.updateFilterForDestination(before.id, before.filter.id, moved)),
      await sdk.unwrap(destinationFilters.updateFilterForDestination(
        after.id, after.filter.id, { if: after.filter.if.replace('2999', '2000') })),
    ],
    refused: await sdk.unwrap(destinations.getDestination('999')).catch((error) => error),
  }
}

async function watch({ source, before }) {
  const [day, now] = [24 * 3600 * 1000, Date.now()]
  const window = [new Date(now - day / 2).toISOString(), new Date(now + day / 2).toISOString(), 'hour', page]
  const users = { regulationType: 'SUPPRESS_WITH_DELETE', subjectType: 'USER_ID', subjectIds: ['gone'] }
  const { regulateId } = await sdk.unwrap(deletionAndSuppresion.createSourceRegulation(source, users))
  return {
    received: await sdk.unwrap(overview.getIngressSuccessMetricsFromDeliveryOverview(source, ...window, ['eventName'])),
    delivered: await sdk.unwrap(
      overview.getEgressSuccessMetricsFromDeliveryOverview(source, before.id, ...window, undefined, { eventType: ['track'] })),
    failed: await sdk.unwrap(overview.getEgressFailedMetricsFromDeliveryOverview(source, before.id, ...window)),
    filtered: await sdk.unwrap(
      overview.getFilteredAtDestinationMetricsFromDeliveryOverview(source, before.id, ...window, ['discardReason'])),
    metrics: await sdk.unwrap(destinations.listDeliveryMetricsSummaryFromDestination(before.id, source)),
    regulation: await sdk.unwrap(deletionAndSuppresion.getRegulation(regulateId)),
    suppressed: await sdk.unwrap(deletionAndSuppresion.listSuppressions(page)),
  }
}

async function plan({ source }) {
  const order = { type: 'TRACK', key: 'Order', version: 1, jsonSchema: { required: ['userId'] } }
  const { trackingPlan } = await sdk.unwrap(trackingPlans.createTrackingPlan({ name: 'Shop', type: 'LIVE' }))
  const { id } = trackingPlan
  await sdk.unwrap(trackingPlans.replaceRulesInTrackingPlan(id, { rules: [order] }))
  await sdk.unwrap(trackingPlans.updateRulesInTrackingPlan(id, { rules: [{ ...order, version: 2 }] }))
  await sdk.unwrap(trackingPlans.addSourceToTrackingPlan(id, { sourceId: source }))
  const block = { track: { allowUnplannedEvents: false } }
  const rename = { name: 'T', sourceId: source, enabled: true, if: "event = 'Order'", newEventName: 'Ordered' }
  const { transformation } = await sdk.unwrap(transformations.createTransformation(rename))
  const seen = {
    settings: await sdk.unwrap(sources.updateSchemaSettingsInSource(source, block)),
    again: await sdk.unwrap(sources.listSchemaSettingsInSource(source)),
    rules: await sdk.unwrap(trackingPlans.listRulesFromTrackingPlan(id, page)),
    followers: await sdk.unwrap(trackingPlans.listSourcesFromTrackingPlan(id, page)),
    source: await sdk.unwrap(sources.getSource(source)),
    plans: await sdk.unwrap(trackingPlans.listTrackingPlans(page)),
    disabled: await sdk.unwrap(transformations.updateTransformation(transformation.id, { enabled: false })),
    transformations: await sdk.unwrap(transformations.listTransformations(page)),
  }
  await sdk.unwrap(trackingPlans.removeRulesFromTrackingPlan(id, [{ type: 'TRACK', key: 'Order', version: 2 }]))
  seen.left = await sdk.unwrap(trackingPlans.listRulesFromTrackingPlan(id, page))
  await sdk.unwrap(trackingPlans.removeSourceFromTrackingPlan(id, source))
  await sdk.unwrap(trackingPlans.updateTrackingPlan(id, { name: 'Closed shop' }))
  seen.plan = await sdk.unwrap(trackingPlans.getTrackingPlan(id))
  await sdk.unwrap(transformations.deleteTransformation(transformation.id))
  await sdk.unwrap(trackingPlans.deleteTrackingPlan(id))
  return seen
}

async function remove({ source, before, after }) {
  for (const { id, filter, subscription } of [before, after]) {
    await sdk.unwrap(destinationFilters.removeFilterFromDestination(id, filter.id))
    await sdk.unwrap(destinations.removeSubscriptionFromDestination(id, subscription.id))
    await sdk.unwrap(destinations.deleteDestination(id))
  }
  return sdk.unwrap(sources.deleteSource(source))
}

const work = verb === 'create' ? create(argument) : { read, watch, plan, delete: remove }[verb](JSON.parse(argument))
work.then((result) => console.log(JSON.stringify(result)), (error) => {
  console.error(error)
  process.exitCode = 1
})
