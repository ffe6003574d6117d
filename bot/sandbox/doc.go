// Package sandbox is Telegram on one machine: a Bot API server over HTTP that any Bot API
// client works against unchanged, and a second side for simulated people who write to the
// bot, press its buttons and read its answers.
//
// It knows the published Bot API (https://core.telegram.org/bots/api), the rules of
// Telegram's own server that bite in production (https://github.com/tdlib/telegram-bot-api
// and https://github.com/tdlib/td, whose words and codes the errors use), and nothing of any
// particular bot. It imports no other package of this program. What goes out is built from
// telego's types, which are generated from the Bot API.
//
// State is in memory and bounded: messages per chat, updates per bot, bytes of files,
// callback queries. [Server.Stats] reads the sizes. With the default of 200 messages a chat takes
// 62 KB where each is a line, 1.2 MB where each is a list of 600 characters with 12 buttons, and
// 7.4 MB where each is a text of 4096 characters with 100 buttons; bytes of files are apart. Only the high-water marks of update and
// message ids are kept in a file, where one is named: ids must never restart over a kept
// database.
//
// Where it differs from Telegram: any token of the form <digits>:<text> is a bot; the largest
// size of a photo is the picture as it was sent, and of the smaller ones the bytes are known
// only to getFile; links in plain text are recognised only with their scheme; webhooks may be
// plain HTTP on loopback; files by URL are not fetched; requests of updates in quick succession,
// and conflicts between them, are answered at once; removals and restrictions are for ever;
// nobody votes in polls or reacts; how long a bot's name and descriptions may be is refused in
// the sandbox's own words. Methods of payments, sticker sets, gifts, games and business accounts
// are not found.
package sandbox
