package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"okolo/bot/timezone"
	"okolo/persistence"
	"okolo/persistence/ics"
	"okolo/persistence/model"
)

// importAhead is how far ahead events are imported: those that recur have no end.
const importAhead = 365 * 24 * time.Hour

// importCmd is okolo import.
type importCmd struct {
	Calendar string `arg:"" optional:"" help:"The calendar: a file, or an address (http, https, webcal)."`
	Source   string `placeholder:"NAME" help:"What the calendar is called, up to 64 characters: what is imported by the same name again is brought up to date. Default: the name of the file, or the address without scheme and query, in which there may be a secret."`
	Zone     string `placeholder:"ZONE" help:"Time zone of times that name none, such as Europe/Berlin. Default: that of the place."`
	Category string `default:"other" placeholder:"NAME" help:"Category of events that name none of ours: music, sport, kids, food, games, talks, walks or other."`
	CallOff  bool   `help:"Call off what vanished from the calendar, also where nothing is left of it or less than half."`
	DryRun   bool   `help:"Only say what an import would do."`
	List     bool   `help:"List what was imported, and when."`

	Database databaseSettings `embed:""`
}

// Run imports a calendar, or lists those that were.
func (c *importCmd) Run(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	address, err := c.Database.url()
	if err != nil {
		return err
	}
	store, err := persistence.Open(ctx, address, persistence.Options{Logger: log})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Ready(ctx); err != nil {
		return err
	}
	if c.List {
		return listSources(ctx, stdout, store)
	}
	now := time.Now()
	calendar, err := c.read(ctx, now)
	if err != nil {
		return err
	}
	bar := progress("importing")
	result, err := store.Import(ctx, persistence.Import{
		Source: c.source(), Calendar: calendar, DryRun: c.DryRun, CallOff: c.CallOff, Now: now,
		Progress: func(done, of int) {
			bar.ChangeMax(of)
			_ = bar.Set(done) // of a bar that nobody may see
		},
	})
	_ = bar.Finish() // likewise
	var vanished *persistence.VanishedError
	switch {
	case errors.Is(err, persistence.ErrImporting):
		return fmt.Errorf("%q is being imported by another program: try again when it is done", c.source())
	case errors.As(err, &vanished):
		return fmt.Errorf("%w, so it may be broken, and nothing was changed: with --call-off they are called off", vanished)
	case err != nil:
		return err
	}
	fmt.Fprintln(stdout, c.summary(result, calendar))
	return nil
}

// check refuses what makes no sense, in a sentence.
func (c *importCmd) check() error {
	if !model.Category(c.Category).Valid() {
		return usageError{fmt.Sprintf("--category is %q, which is none: give one of %v.", c.Category, model.Categories)}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		return usageError{fmt.Sprintf("--zone is %q, which is no time zone: give one such as Europe/Berlin.", c.Zone)}
	}
	if c.Calendar == "" && !c.List {
		return usageError{"no calendar is given: okolo import FILE or ADDRESS, or okolo import --list."}
	}
	if n := len([]rune(c.source())); n > 64 && !c.List {
		return usageError{fmt.Sprintf("the name of the source has %d characters, and 64 is the most: give one with --source.", n)}
	}
	return nil
}

// source is the name of the calendar. That of an address is its host and path, without the query, in which
// many calendars have a key.
func (c *importCmd) source() string {
	switch u, err := url.Parse(c.Calendar); {
	case c.Source != "":
		return c.Source
	case isRemote(c.Calendar) && err == nil:
		return u.Host + strings.TrimRight(u.Path, "/")
	}
	return strings.TrimSuffix(filepath.Base(c.Calendar), ".ics")
}

// read reads the calendar from where it is.
func (c *importCmd) read(ctx context.Context, now time.Time) (*ics.Calendar, error) {
	zones, err := timezone.New()
	if err != nil {
		return nil, err
	}
	body, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	bar := progress("reading")
	calendar, err := ics.Read(io.TeeReader(body, bar), ics.Options{
		Zone: c.Zone, ZoneAt: zones.At, Category: model.Category(c.Category), From: now, To: now.Add(importAhead),
	})
	_ = bar.Finish() // of a bar that nobody may see
	switch err = errors.Join(err, body.Close()); {
	case errors.Is(err, ics.ErrNoCalendar):
		return nil, errors.New("that is no calendar in the form of iCalendar (.ics), or not the whole of it; nothing was changed")
	case err != nil:
		return nil, err
	}
	return calendar, nil
}

func (c *importCmd) open(ctx context.Context) (io.ReadCloser, error) {
	if isRemote(c.Calendar) {
		return download(ctx, c.Calendar)
	}
	file, err := os.Open(c.Calendar)
	if err != nil {
		return nil, usageError{fmt.Sprintf("the calendar cannot be opened: %v.", err)}
	}
	return limited(file, file), nil
}

// summary is one line about what was done.
func (c *importCmd) summary(r persistence.ImportResult, calendar *ics.Calendar) string {
	total := 0
	var why []string
	for reason, n := range calendar.Skipped {
		total += n
		why = append(why, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(why)
	line := fmt.Sprintf("%s: %d new, %d changed, %d cancelled, %d unchanged, %d skipped", c.source(), r.New, r.Changed, r.Cancelled, r.Unchanged, total)
	if total > 0 {
		line += " (" + strings.Join(why, ", ") + ")"
	}
	if c.DryRun {
		line += "; nothing was written"
	}
	return line
}

func listSources(ctx context.Context, out io.Writer, store *persistence.Store) error {
	sources, err := store.Sources(ctx)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		fmt.Fprintln(out, "nothing was imported")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tTO COME\tKNOWN\tIMPORTED")
	for _, s := range sources {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", s.Name, s.Coming, s.All, s.Imported.Format(time.DateTime))
	}
	return table.Flush()
}

// progress is a bar on the terminal, and nothing elsewhere.
func progress(what string) *progressbar.ProgressBar {
	return progressbar.NewOptions(-1, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))))
}
