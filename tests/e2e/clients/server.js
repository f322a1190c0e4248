// One call of each type with @segment/analytics-node.
// usage: node server.js NODE_MODULES URL WRITE_KEY [CLIENT_ID KEY_ID KEY_FILE]
'use strict'
const [modules, host, writeKey, clientId, keyId, keyFile] = process.argv.slice(2)
const { Analytics } = require(require('path').join(modules, '@segment/analytics-node'))

const oauthSettings = clientId && {
  clientId,
  keyId,
  clientKey: require('fs').readFileSync(keyFile, 'utf8'),
  authServer: host,
  scope: 'tracking_api:write',
}
const analytics = new Analytics({ host, writeKey, flushInterval: 100, oauthSettings: oauthSettings || undefined })
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
