// Segment's own engine, piece by piece, on the workload that the Python side gets too. Prints microseconds per operation
// as JSON on one line.
// usage: node engine.js NODE_MODULES WORKLOAD.json MILLISECONDS
'use strict'
const path = require('path')
const [modules, workload, milliseconds] = process.argv.slice(2)
const load = (name) => require(path.join(modules, name))
stubFetch()

const core = load('@segment/actions-core')
const { parseFql, validate } = load('@segment/destination-subscriptions')
const { removeEmptyValues } = load('@segment/actions-core/dist/cjs/remove-empty-values.js')
const { validateSchema } = load('@segment/actions-core/dist/cjs/schema-validation.js')
const { events, cases } = require(path.resolve(workload))
const results = {}

// Every HTTP request of a destination is answered at once with 200 {}.
function stubFetch() {
  const real = load('cross-fetch')
  const answer = async () => new real.Response('{}', { status: 200, headers: { 'content-type': 'application/json' } })
  const exports = Object.assign(answer, { Headers: real.Headers, Request: real.Request, Response: real.Response })
  exports.fetch = exports.default = answer
  require.cache[require.resolve(path.join(modules, 'cross-fetch'))].exports = exports
}

const clock = () => Number(process.hrtime.bigint()) / 1000

// Runs `once`, which does `operations`, for half of the time to warm up and for the whole of it to measure.
async function measure(name, operations, once) {
  const budget = Number(milliseconds) * 1000
  for (let start = clock(); clock() - start < budget / 2; ) await once()
  let runs = 0
  const start = clock()
  while (clock() - start < budget) {
    await once()
    runs += 1
  }
  results[name] = (clock() - start) / (runs * operations)
}

const pairsOf = (some) => some.flatMap((one) => one.match.map((index) => [one, events[index]]))
const schemaKey = (one) => `${one.dest}:${one.action}`

function valid([one, event]) {
  try {
    validateSchema(removeEmptyValues(core.transform(one.mapping, event), one.schema, true), one.schema, { schemaKey: schemaKey(one) })
    return true
  } catch {
    return false
  }
}

function destination(slug) {
  const made = new core.Destination(load(`@segment/action-destinations/dist/destinations/${slug}`).default)
  // Schema keys are URIs built from these names, and the present fast-uri refuses blanks in them.
  made.name = made.name.replace(/\W/g, '')
  for (const action of Object.values(made.actions)) {
    action.destinationName = made.name
    action.definition.title = action.definition.title.replace(/\W/g, '')
  }
  made.responses = { push() {} } // it would keep every response for ever
  return made
}

async function deliverable(pairs) {
  const made = {}
  const good = []
  for (const [one, event] of pairs) {
    const target = (made[one.dest] ??= destination(one.dest))
    const subscription = { subscribe: one.subscribe, partnerAction: one.action, mapping: one.mapping }
    const settings = { ...one.settings, subscription }
    try {
      const outcome = await target.onEvent(event, settings)
      if (!outcome.some((result) => result.error)) good.push([target, event, settings, one])
    } catch {
      // What it cannot deliver is left out on both sides: the other side reads `deliverable`.
    }
  }
  return good
}

async function main() {
  for (const slug of new Set(cases.map((one) => one.dest))) {
    const pairs = pairsOf(cases.filter((one) => one.dest === slug))
    await measure(`mapping.${slug}`, pairs.length, () => {
      for (const [one, event] of pairs) core.transform(one.mapping, event)
    })
  }
  const pairs = pairsOf(cases)
  await measure('mapping', pairs.length, () => {
    for (const [one, event] of pairs) core.transform(one.mapping, event)
  })

  const checks = cases.length * events.length
  await measure('triggers', checks, () => {
    for (const one of cases) for (const event of events) validate(parseFql(one.subscribe), event)
  })
  const parsed = cases.map((one) => parseFql(one.subscribe))
  await measure('triggers, parsed before', checks, () => {
    for (const trigger of parsed) for (const event of events) validate(trigger, event)
  })

  const payloads = pairs.filter(valid).map(([one, event]) => [one, core.transform(one.mapping, event)])
  await measure('validation', payloads.length, () => {
    for (const [one, payload] of payloads) {
      validateSchema(removeEmptyValues({ ...payload }, one.schema, true), one.schema, { schemaKey: schemaKey(one) })
    }
  })

  const deliveries = await deliverable(pairs.filter(valid))
  for (const slug of new Set(deliveries.map(([, , , one]) => one.dest))) {
    const some = deliveries.filter(([, , , one]) => one.dest === slug)
    await measure(`delivery.${slug}`, some.length, async () => {
      for (const [target, event, settings] of some) await target.onEvent(event, settings)
    })
  }
  results.deliverable = deliveries.map(([, event, , one]) => [cases.indexOf(one), events.indexOf(event)])
  console.log(JSON.stringify(results))
}

main()
