// Segment's own engine behind a minimal server of the tracking API: each call goes through the webhook destination and
// is answered once it is delivered. Nothing is stored, nothing is retried.
// usage: node express.js NODE_MODULES PORT SINK_URL
'use strict'
const [modules, port, sink] = process.argv.slice(2)
const load = (name) => require(require('path').join(modules, name))
const http = require('http')
http.globalAgent = new http.Agent({ keepAlive: true, maxSockets: 64 })

const { Destination } = load('@segment/actions-core')
const express = load('express')
const webhook = new Destination(load('@segment/action-destinations/dist/destinations/webhook').default)
// Schema keys are URIs built from these names, and the present fast-uri refuses blanks in them.
webhook.name = webhook.name.replace(/\W/g, '')
for (const action of Object.values(webhook.actions)) {
  action.destinationName = webhook.name
  action.definition.title = action.definition.title.replace(/\W/g, '')
}
webhook.responses = { push() {} } // it would keep every response for ever

const types = ['track', 'identify', 'page', 'screen', 'group', 'alias']
const settings = {
  subscription: {
    subscribe: types.map((type) => `type = "${type}"`).join(' or '),
    partnerAction: 'send',
    mapping: { url: sink, method: 'POST', data: { '@path': '$.' }, batch_size: 0, batch_keys: ['url', 'method', 'headers'] }
  }
}
const answer = (delivery, response) =>
  delivery.then(
    () => response.json({ success: true }),
    (error) => response.status(500).json({ code: 'failed', message: error.message })
  )

const app = express()
app.use(express.json({ limit: '4mb' }))
app.post('/v1/batch', (request, response) => answer(webhook.onBatch(request.body.batch, settings), response))
for (const type of types) {
  app.post(`/v1/${type}`, (request, response) => answer(webhook.onEvent(request.body, settings), response))
}
app.listen(Number(port), '127.0.0.1')
