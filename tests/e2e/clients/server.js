// One call of each type with @segment/analytics-node.
// usage: node server.js NODE_MODULES URL WRITE_KEY
'use strict'
const [modules, host, writeKey] = process.argv.slice(2)
const { Analytics } = require(require('path').join(modules, '@segment/analytics-node'))

const analytics = new Analytics({ host, writeKey, flushInterval: 100 })
const userId = 'ada'
analytics.on('error', (error) => {
  console.error(error)
  process.exitCode = 1
})
analytics.identify({ userId, messageId: 'node-identify', traits: { email: 'ada@example.com' } })
analytics.track({ userId, messageId: 'node-track', event: 'Signed Up', properties: { plan: 'pro' } })
analytics.page({ userId, messageId: 'node-page', name: 'Home' })
analytics.screen({ userId, messageId: 'node-screen', name: 'Start' })
analytics.group({ userId, messageId: 'node-group', groupId: 'acme' })
analytics.alias({ userId, messageId: 'node-alias', previousId: 'anonymous-ada' })
analytics.closeAndFlush()
