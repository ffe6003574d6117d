// The bot of conformance_test.go on grammY, as its documentation has one write it:
//
//	node bot.mjs <Bot API address> <token> polling|webhook
//
// It prints "ready" when it takes updates, and ends with its standard input.
import { createServer } from "node:http";
import { Bot, InlineKeyboard, InputFile, webhookCallback } from "grammy";

const [apiRoot, token, mode] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot } });

const counter = (n) => new InlineKeyboard().text(`Count ${n}`, `count:${n}`);

bot.command("start", (ctx) =>
  ctx.reply(`Hello, <b>${ctx.from.first_name}</b>`, { parse_mode: "HTML", reply_markup: counter(0) }));

bot.callbackQuery(/^count:(\d+)$/, async (ctx) => {
  const n = Number(ctx.match[1]) + 1;
  await ctx.editMessageText(`Counted ${n}`, { reply_markup: counter(n) });
  await ctx.answerCallbackQuery({ text: `now ${n}` });
});

bot.command("file", async (ctx) => {
  const sent = await ctx.replyWithDocument(new InputFile(Buffer.from("hello, file"), "hello.txt"), { caption: "a file" });
  const file = await ctx.api.getFile(sent.document.file_id);
  const got = await fetch(`${apiRoot}/file/bot${token}/${file.file_path}`);
  await ctx.reply(`downloaded: ${await got.text()}`);
});

bot.on("message:text", (ctx) => ctx.reply(ctx.message.text));

process.stdin.on("end", () => process.exit(0)).resume();

if (mode === "webhook") {
  const secretToken = "a-secret";
  const server = createServer(webhookCallback(bot, "http", { secretToken }));
  server.listen(0, "127.0.0.1", async () => {
    await bot.api.setWebhook(`http://127.0.0.1:${server.address().port}/`, { secret_token: secretToken });
    console.log("ready");
  });
} else {
  bot.start({ onStart: () => console.log("ready") });
}
