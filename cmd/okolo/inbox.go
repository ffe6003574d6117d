package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"okolo/bot"
	"okolo/persistence"
)

// inboxCmd is okolo inbox.
type inboxCmd struct {
	BotToken string  `env:"BOT_TOKEN" placeholder:"TOKEN" help:"Token of the bot, from @BotFather. Better in the environment than on the command line."`
	Replay   []int64 `placeholder:"UPDATE" help:"Updates that were set aside and are to be handled once more, separated by commas."`
	Drop     []int64 `placeholder:"UPDATE" help:"Updates that were set aside and are to be deleted, separated by commas."`

	Database databaseSettings `embed:""`
}

// inboxListed is the most updates that are printed.
const inboxListed = 1000

// Run replays and drops what it is told to, and lists what is set aside then.
func (c *inboxCmd) Run(ctx context.Context, stdout io.Writer) error {
	if _, err := bot.NewAPI(c.BotToken, ""); err != nil {
		return usageError{"BOT_TOKEN is not set or not a token: give that of the bot whose inbox it is."}
	}
	url, err := c.Database.url()
	if err != nil {
		return err
	}
	store, err := persistence.Open(ctx, url, persistence.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	inbox := store.Inbox(botID(c.BotToken), 0)
	for _, do := range []struct {
		said    string
		updates []int64
		what    func(context.Context, []int64) (int64, error)
	}{
		{"to be handled once more, within seconds where the bot runs", c.Replay, inbox.Replay},
		{"deleted", c.Drop, inbox.Drop},
	} {
		if len(do.updates) == 0 {
			continue
		}
		n, err := do.what(ctx, do.updates)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%d of %d updates: %s\n", n, len(do.updates), do.said)
	}
	aside, err := inbox.Aside(ctx, -1, inboxListed)
	if err != nil {
		return err
	}
	return printLetters(stdout, aside)
}

func printLetters(out io.Writer, letters []persistence.Letter) error {
	if len(letters) == 0 {
		fmt.Fprintln(out, "nothing is set aside")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "UPDATE\tRECEIVED\tSET ASIDE\tBEGUN\tCONTENTS")
	for _, l := range letters {
		fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\n", l.Update, l.Received.Format(time.DateTime), l.SetAside.Format(time.DateTime),
			l.Attempts, strings.ToValidUTF8(string(l.Payload), "?"))
	}
	return table.Flush()
}
