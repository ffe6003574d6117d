package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// short writes entities as "bold 0 5", with what else they have.
func short(es []telego.MessageEntity) string {
	var out []string
	for _, e := range es {
		s := fmt.Sprintf("%s %d %d", e.Type, e.Offset, e.Length)
		if e.User != nil {
			s += " " + e.User.FirstName
		}
		out = append(out, strings.TrimSpace(s+" "+e.URL+e.Language+e.CustomEmojiID))
	}
	return strings.Join(out, ", ")
}

// The cases follow the rules of td's parser, in whose tests most of them stand alike.
func TestParseModes(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	if _, err := person(t, base, ann).Say(t.Context(), "/start"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ mode, in, text, entities string }{
		{"HTML", "🏟 <b>🏟 &lt;&amp;</b> &quot;&ge;&#1078;&#x436;", `🏟 🏟 <& "&ge;жж`, "bold 3 5"},
		{"html", "<i>a <b>b</b></i><u>c</u><s>d</s>", "a bcd", "italic 0 3, bold 2 1, underline 3 1, strikethrough 4 1"},
		{"HTML", "<strong>a</strong><em>b</em><ins>c</ins><del>d</del><strike>e</strike>", "abcde", "bold 0 1, italic 1 1, underline 2 1, strikethrough 3 1, strikethrough 4 1"},
		{"HTML", `<a href="example.com?a=1&amp;b">x</a> <a>telegram.org</a> <a href='nothing'>y</a>`, "x telegram.org y", "text_link 0 1 http://example.com/?a=1&b, text_link 2 12 http://telegram.org/"},
		{"HTML", `<a href="tg://user?id=501">you</a> <a href="tg://user?id=9">who</a>`, "you who", "text_mention 0 3 Ann"},
		{"HTML", `<pre><code class="language-go">x := 1</code></pre>`, "x := 1", "pre 0 6 go"},
		{"HTML", `<code class="language-go"><pre>x</pre></code>`, "x", "pre 0 1 go"},
		{"HTML", `<pre>a <code>b</code></pre> <code class="language-go">c</code>`, "a b c", "pre 0 3, code 4 1"},
		{"HTML", `<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler><tg-emoji emoji-id="5">🙂</tg-emoji>`, "ab🙂", "spoiler 0 1, spoiler 1 1, custom_emoji 2 2 5"},
		{"HTML", "<blockquote>a</blockquote>\n<blockquote expandable>b</blockquote>", "a\nb", "blockquote 0 1, expandable_blockquote 2 1"},
		{"HTML", "<b><b>a</b> b</b><i></i>", "a b", "bold 0 3"},
		{"HTML", "  <b> a </b> \n", "a", "bold 0 1"},
		{"HTML", "<b>a\r\n\tb</b>", "a\n b", "bold 0 4"},
		{"HTML", "<code>/start @anna #tag</code> /stop", "/start @anna #tag /stop", "code 0 17, bot_command 18 5"},
		{"", "<b>a</b> & &lt;", "<b>a</b> & &lt;", ""},
		{"", "see https://example.com/a?b=c. @durov_x, #событие #1 a@b.example /help@some_bot x/y", "see https://example.com/a?b=c. @durov_x, #событие #1 a@b.example /help@some_bot x/y",
			"url 4 25, mention 31 8, hashtag 41 8, email 53 11, bot_command 65 14"},
		{"MarkdownV2", "🏟 *bold _italic ~gone~_* __under__ ||secret||", "🏟 bold italic gone under secret", "bold 3 16, italic 8 11, strikethrough 15 4, underline 20 5, spoiler 26 6"},
		{"MarkdownV2", "[link](https://example.com/\\)) `co*de` 1\\.5\\!", "link co*de 1.5!", "text_link 0 4 https://example.com/), code 5 5"},
		{"MarkdownV2", "```go\nx := 1\n```", "x := 1", "pre 0 6 go"}, // the line end is trimmed
		{"MarkdownV2", "![🙂](tg://emoji?id=5)", "🙂", "custom_emoji 0 2 5"},
		{"MarkdownV2", ">a\n>b\nc", "a\nb\nc", "blockquote 0 4"},
		{"MarkdownV2", "a\n>b\n>c", "a\nb\nc", "blockquote 2 3"},
		{"MarkdownV2", ">a\n>b||", "a\nb", "expandable_blockquote 0 3"},
		{"MarkdownV2", ">a\n**>b\n>||c||\n>d||\ne", "a\nb\nc\nd\ne", "blockquote 0 2, expandable_blockquote 2 6, spoiler 4 1"},
		{"MarkdownV2", "a\nb", "a\nb", ""},
		{"MarkdownV2", "[telegram\\.org]", "telegram.org", "text_link 0 12 http://telegram.org/"},
		{"HTML", `<a href="tg://settings">x</a> <a href="ftp://example.com">y</a> &#99999999; &lt`, "x y &#99999999; <", "text_link 0 1 tg://settings"},
		{"Markdown", "*a* _b_ `c` [d](example.com) \\*e", "a b c d *e", "bold 0 1, italic 2 1, code 4 1, text_link 6 1 http://example.com/"},
		{"Markdown", "```go\nx```", "x", "pre 0 1 go"},
	} {
		m := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": c.in, "parse_mode": c.mode}))
		if m.Text != c.text || short(m.Entities) != c.entities {
			t.Errorf("%s %q:\n got %q, %s\nwant %q, %s", c.mode, c.in, m.Text, short(m.Entities), c.text, c.entities)
		}
	}
}

func TestParseErrors(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	if _, err := person(t, base, ann).Say(t.Context(), "/start"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ mode, in, want string }{
		{"HTML", "🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"},
		{"HTML", "🏟 🏟&lt;<abac aba>", `Unsupported start tag "abac" at byte offset 13`},
		{"HTML", "1 < 2", `Unsupported start tag "" at byte offset 2`},
		{"HTML", "🏟 🏟&lt;<i   =aba>", `Empty attribute name in the tag "i" at byte offset 13`},
		{"HTML", "🏟 🏟&lt;<i    aba>", `Can't find end tag corresponding to start tag "i"`},
		{"HTML", "🏟 🏟&lt;<i    aba  =  ", `Unclosed start tag "i" at byte offset 13`},
		{"HTML", "🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"},
		{"HTML", `🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>`, "Unclosed start tag at byte offset 13"},
		{"HTML", "🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"},
		{"HTML", "🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"},
		{"HTML", "🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"},
		{"HTML", "🏟 🏟&lt;<i>a</em   >", `Unmatched end tag at byte offset 17, expected "</i>", found "</em>"`},
		{"HTML", "<span>a</span>", `Tag "span" must have class "tg-spoiler" at byte offset 0`},
		{"HTML", "<tg-emoji>a</tg-emoji>", "Invalid custom emoji identifier specified"},
		{"HTML", "&#xDFDF;", "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"},
		{"MarkdownV2", "a.", `Character '.' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", "🏟 🏟_abacaba", "Can't find end of Italic entity at byte offset 9"},
		{"MarkdownV2", "🏟 🏟_abac * asd _", "Can't find end of Italic entity at byte offset 21"},
		{"MarkdownV2", "🏟 🏟_🏟 🏟__", "Can't find end of Underline entity at byte offset 19"},
		{"MarkdownV2", "🏟 🏟`", "Can't find end of Code entity at byte offset 9"},
		{"MarkdownV2", "🏟 🏟```a", "Can't find end of Pre entity at byte offset 9"},
		{"MarkdownV2", "🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"},
		{"MarkdownV2", "🏟 🏟```🏟 🏟`", "Can't find end of Code entity at byte offset 21"},
		{"MarkdownV2", ">a>", `Character '>' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", ">>a", `Character '>' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", ">||a\nb||", "Can't find end of Spoiler entity at byte offset 1"},
		{"MarkdownV2", ">*a\nb*", "Can't find end of Bold entity at byte offset 1"},
		{"MarkdownV2", "![a](tg://user?id=1)", "Invalid custom emoji identifier specified"},
		{"MarkdownV2", "![a](b", "Can't find end of a custom emoji URL at byte offset 5"},
		{"MarkdownV2", "[a](b", "Can't find end of a URL at byte offset 4"},
		{"MarkdownV2", "![a]", "Custom emoji entity must contain a tg://emoji URL"},
		{"Markdown", "a *b", "Can't find end of the entity starting at byte offset 2"},
	} {
		o := call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": c.in, "parse_mode": c.mode})
		if o.ErrorCode != 400 || o.Description != "Bad Request: can't parse entities: "+c.want {
			t.Errorf("%s %q:\n got %s\nwant %s", c.mode, c.in, o.Description, c.want)
		}
	}
}

func TestGivenEntities(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	if _, err := person(t, base, ann).Say(t.Context(), "/start"); err != nil {
		t.Fatal(err)
	}
	send := func(entities any) outcome {
		return call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "🏟 go /now", "entities": entities})
	}
	m := must[telego.Message](t, send([]fields{
		{"type": "bold", "offset": 3, "length": 2}, {"type": "url", "offset": 0, "length": 2},
		{"type": "text_mention", "offset": 0, "length": 2, "user": fields{"id": ann.ID}},
	}))
	if got := short(m.Entities); got != "text_mention 0 2 Ann, bold 3 2, bot_command 6 4" {
		t.Error(got)
	}
	if o := send([]fields{{"type": "bold", "offset": 3, "length": 20}}); o.ErrorCode != 400 {
		t.Errorf("past the end: %+v", o)
	}
	if o := send([]string{"bold"}); o.Description != "Bad Request: can't parse MessageEntity: expected an Object" {
		t.Errorf("no object: %+v", o)
	}
}

// A message has at most a hundred entities, and text made to be slow is not.
func TestManyEntities(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	said(t, person(t, base, ann), "/start")
	for _, c := range []struct{ mode, in string }{
		{"HTML", strings.Repeat("<b>a</b> ", 1000)}, {"", strings.Repeat("/a ", 1300)}, {"", strings.Repeat("a@b.ab ", 500)}, {"MarkdownV2", strings.Repeat("*a* ", 1000)},
	} {
		m := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": c.in, "parse_mode": c.mode}))
		if len(m.Entities) != 100 {
			t.Errorf("%s %.10s: %d entities", c.mode, c.in, len(m.Entities))
		}
		began := time.Now()
		long := strings.Repeat(c.in, 1_000_000/len(c.in))
		o := uploads(t, base, "sendMessage", map[string]string{"chat_id": "501", "text": long, "parse_mode": c.mode}, nil)
		if d := time.Since(began); o.OK || d > 5*time.Second {
			t.Errorf("%s %.10s: a million bytes took %v: %v", c.mode, c.in, d, o.Description)
		}
	}
}

// What a person sees as HTML is what a bot would send to say it.
func TestSeenHTML(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	if _, err := p.Say(t.Context(), "/start"); err != nil {
		t.Fatal(err)
	}
	for _, html := range []string{
		"<b>a <i>b</i></b> c &lt; &amp; 🏟", `<a href="http://example.com/">x</a> <code>y</code>`,
		`<pre><code class="language-go">x</code></pre>`, "<blockquote>q</blockquote>", "<blockquote expandable>q</blockquote>",
		"<u>a</u><s>b</s><tg-spoiler>c</tg-spoiler>", `<tg-emoji emoji-id="5">🙂</tg-emoji>`, `<a href="tg://user?id=501">you</a>`,
		"<pre>p</pre> #tag",
	} {
		m := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": html, "parse_mode": "HTML"}))
		chat, err := p.Chat(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen, ok := sandbox.ByID(chat, int64(m.MessageID)); !ok || seen.HTML != html {
			t.Errorf("sent %s\nseen %s", html, seen.HTML)
		}
	}
}

// Whatever a bot sends is an entity within the text, or a refusal.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"<b>a</b>", "<a href=\"x.y\">z", "&#x1f600;&lt", "*a _b_*", "```go\nx```", "[a](b.c)", ">q\nx", "![e](tg://emoji?id=5)", "</", "\\",
		"<pre><code class='language-x'>y</code></pre>", "@durov /start #tag https://a.b", "🏟\u200f", "<i a = b", "<i a='",
	} {
		for mode := range parseModes {
			f.Add(seed, mode)
		}
	}
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		f.Fatal(err)
	}
	direct(f, s, "PUT", "/people/501?bot=7001", fields{"first_name": "Ann"})
	direct(f, s, "POST", "/people/501/chats/7001/messages", fields{"text": "/start"})
	f.Fuzz(func(t *testing.T, text string, mode int) {
		o := read(t, direct(t, s, "POST", "/bot"+token+"/sendMessage", fields{"chat_id": 501, "text": text, "parse_mode": parseModes[max(0, mode%len(parseModes))]}))
		if !o.OK {
			if o.ErrorCode != 400 || !strings.HasPrefix(o.Description, "Bad Request: ") {
				t.Fatalf("%q: %+v", text, o)
			}
			return
		}
		m := strict[telego.Message](t, o.Result)
		length := len(utf16.Encode([]rune(m.Text)))
		if strings.Trim(m.Text, " \n") != m.Text || m.Text == "" || length > 4096 {
			t.Fatalf("%q became %q", text, m.Text)
		}
		for _, e := range m.Entities {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > length {
				t.Fatalf("%q: %+v beyond %q", text, e, m.Text)
			}
		}
	})
}

var parseModes = []string{"", "HTML", "MarkdownV2", "Markdown"}
