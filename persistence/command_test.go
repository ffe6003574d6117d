package persistence

import (
	"testing"
	"time"

	"okolo/persistence/model"
)

// Hashes are stored, so these numbers must never change.
func TestHashesStay(t *testing.T) {
	details := model.Details{Title: "Title", Description: "Описание", Category: "music",
		Starts: time.UnixMicro(1_800_000_000_000_000), Ends: time.UnixMicro(1_800_003_600_000_000),
		Zone: "Europe/Berlin", Place: "Place", Point: model.Point{Lat: 52.5, Lon: -13.25}, Capacity: 7}
	by := model.Person{ID: 1, Name: "Name", Lang: "ru"}
	for want, command := range map[int64]model.Command{
		-2158145588799216722: model.CreateUserEvent{By: by, Draft: 2, Details: details},
		-6163785513242997409: model.CreateCommunityEvent{By: by, Community: -3, CommunityTitle: "Group", Draft: 2, Details: details},
		96629513919518946:    model.JoinEvent{By: by, Event: 2},
		183567192688743998:   model.LeaveEvent{By: by, Event: 2},
		4801468936259761642:  model.CancelEvent{By: by, Event: 2},
		2631426227054556843:  model.BanPerson{By: by, Person: 2, Banned: true},
		-934772588905195514:  model.BanPerson{By: by, Person: 2, Banned: true, Reason: "spam"},
		-2051771654185450514: model.EnterCommunity{By: by, Community: -3, Title: "Group", Topic: 4},
		1179762525050613539:  model.LeaveCommunity{By: by, Community: -3},
		-5209063848087914589: model.MoveCommunity{By: by, From: -3, To: -4, Title: "Group"},
		985845939651916475:   model.DeleteEvent{By: by, Event: 2},
		-55690354092484232:   model.DismissReports{By: by, Event: 2, Until: time.UnixMicro(1_800_000_000_000_000)},
	} {
		if got := hashOf(command); got != want {
			t.Errorf("%T: %d, want %d", command, got, want)
		}
	}
}

// Every field that a command is about counts, and only those.
func TestHashTellsCommandsApart(t *testing.T) {
	base := model.CreateCommunityEvent{By: model.Person{ID: 1, Name: "Name", Lang: "ru"}, Community: -3,
		CommunityTitle: "Group", Draft: 2, Details: model.Details{Title: "ab", Description: "c"}}
	for name, change := range map[string]func(*model.CreateCommunityEvent){
		"person":       func(c *model.CreateCommunityEvent) { c.By.ID++ },
		"community":    func(c *model.CreateCommunityEvent) { c.Community++ },
		"draft":        func(c *model.CreateCommunityEvent) { c.Draft++ },
		"text's place": func(c *model.CreateCommunityEvent) { c.Title, c.Description = "a", "bc" },
		"category":     func(c *model.CreateCommunityEvent) { c.Category = "music" },
		"starts":       func(c *model.CreateCommunityEvent) { c.Starts = c.Starts.Add(time.Microsecond) },
		"ends":         func(c *model.CreateCommunityEvent) { c.Ends = c.Ends.Add(time.Microsecond) },
		"zone":         func(c *model.CreateCommunityEvent) { c.Zone = "UTC" },
		"place":        func(c *model.CreateCommunityEvent) { c.Place = "x" },
		"latitude":     func(c *model.CreateCommunityEvent) { c.Lat = 1e-9 },
		"longitude":    func(c *model.CreateCommunityEvent) { c.Lon = 1e-9 },
		"capacity":     func(c *model.CreateCommunityEvent) { c.Capacity = 1 },
	} {
		changed := base
		change(&changed)
		if hashOf(changed) == hashOf(base) {
			t.Errorf("the %s does not count", name)
		}
	}
	renamed := base
	renamed.By.Name, renamed.By.Lang, renamed.CommunityTitle = "Other", "en", "Other"
	renamed.Starts = renamed.Starts.Add(time.Nanosecond) // less than the database keeps
	if hashOf(renamed) != hashOf(base) {
		t.Error("a name counts")
	}
}

func BenchmarkValidateAndHash(b *testing.B) {
	command := model.CreateUserEvent{By: model.Person{ID: 1}, Draft: 1, Details: model.Details{Title: "Title",
		Category: "music", Starts: time.Now(), Ends: time.Now().Add(time.Hour), Zone: "Europe/Berlin"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newPending(model.Key{}, command, nil); err != nil {
			b.Fatal(err)
		}
	}
}
