package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"okolo/persistence"
	"okolo/persistence/model"
)

// samplesPerCity is how many events a day's samples have in each city.
const samplesPerCity = 120

// city is a place that has sample events.
type city struct {
	name, zone string
	model.Point
	words samples
}

// samples are titles by category.
type samples map[model.Category][]string

var cities = []city{
	{"Berlin", "Europe/Berlin", model.Point{Lat: 52.5200, Lon: 13.4050}, english},
	{"Belgrade", "Europe/Belgrade", model.Point{Lat: 44.8125, Lon: 20.4612}, english},
	{"Москва", "Europe/Moscow", model.Point{Lat: 55.7558, Lon: 37.6173}, russian},
}

var english = samples{
	"music": {"Open-air jam", "Jazz in the courtyard", "Choir rehearsal, guests welcome", "Vinyl evening"},
	"sport": {"Morning run", "Table tennis for everybody", "Beach volleyball", "Climbing for beginners"},
	"kids":  {"Puppet theatre", "Kite building", "Stories on the carpet", "Little scientists"},
	"food":  {"Street food market", "Dumplings together", "Coffee tasting", "Soup and neighbours"},
	"games": {"Board games night", "Chess in the park", "Quiz in the pub", "Role-playing one-shot"},
	"talks": {"Go meetup", "Night of short lectures", "How bees decide", "Book club"},
	"walks": {"Architecture walk", "Bird watching", "Photo walk at dusk", "Old town by night"},
	"other": {"Repair café", "Flea market", "Language exchange", "Plant swap"},
}

var russian = samples{
	"music": {"Джем под открытым небом", "Джаз во дворе", "Хор: открытая репетиция", "Вечер пластинок"},
	"sport": {"Утренняя пробежка", "Настольный теннис для всех", "Волейбол в парке", "Скалолазание для новичков"},
	"kids":  {"Кукольный театр", "Строим воздушных змеев", "Сказки на ковре", "Юные учёные"},
	"food":  {"Рынок уличной еды", "Лепим пельмени", "Дегустация кофе", "Суп с соседями"},
	"games": {"Вечер настольных игр", "Шахматы в парке", "Викторина в баре", "Ролевая игра на вечер"},
	"talks": {"Встреча Go-разработчиков", "Ночь коротких лекций", "Как решают пчёлы", "Книжный клуб"},
	"walks": {"Прогулка по модерну", "Наблюдение за птицами", "Фотопрогулка на закате", "Старый город ночью"},
	"other": {"Ремонтное кафе", "Барахолка", "Языковой обмен", "Обмен растениями"},
}

// samplePeople are the first Telegram ids of those who own the samples; no real person has
// an id so low.
const samplePeople = 1000

// addSamples writes the sample events of a week that begins today, through the writer, like
// anybody's. What they are depends on the day alone, so to do it again that day adds nothing.
func addSamples(ctx context.Context, w *persistence.Writer, bot int64, now time.Time) error {
	written := make(chan error, len(cities)*samplesPerCity)
	sent := 0
	for n, c := range cities {
		day := c.today(now)
		r := rand.New(rand.NewPCG(uint64(day.Unix()), uint64(n)))
		for i := range samplesPerCity {
			id := int64(n*samplesPerCity + i)
			starts, command := c.sample(r, id, i, day)
			if !starts.After(now) {
				continue
			}
			// The key must never be that of an update: samples have negative ones.
			key := model.Key{Bot: bot, Update: -(day.Unix() + id)}
			w.Submit(key, command, func(_ model.Answer, err error) { written <- err })
			sent++
		}
	}
	for range sent {
		select {
		case err := <-written:
			if err != nil {
				return fmt.Errorf("write a sample event: %w", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// today returns the midnight that began the day in the city.
func (c city) today(now time.Time) time.Time {
	zone, err := time.LoadLocation(c.zone)
	if err != nil {
		zone = time.UTC
	}
	local := now.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
}

// sample makes the i-th event of a city: most of people, some of a community, within 20 km,
// the nearer the more, at the hours of a week from ten in the morning to ten in the evening.
func (c city) sample(r *rand.Rand, id int64, i int, day time.Time) (starts time.Time, command model.Command) {
	const first, hours, days = 10, 13, 7
	slot := i * days * hours / samplesPerCity
	starts = time.Date(day.Year(), day.Month(), day.Day()+slot/hours, first+slot%hours, 0, 0, 0, day.Location())
	category := model.Categories[r.IntN(len(model.Categories))]
	titles := c.words[category]
	d := model.Details{
		Title: titles[r.IntN(len(titles))], Category: category, Zone: c.zone,
		Starts: starts, Ends: starts.Add(time.Duration(1+r.IntN(4)) * time.Hour),
		Point: c.around(r, 20_000),
	}
	if r.IntN(3) == 0 {
		d.Capacity = 5 + r.IntN(40)
	}
	owner, draft := model.Person{ID: samplePeople + id, Name: "Sample", Lang: "en"}, day.Unix()
	if i%4 != 0 {
		return starts, model.CreateUserEvent{By: owner, Draft: draft, Details: d}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.name)) // never fails
	return starts, model.CreateCommunityEvent{
		By: owner, Community: -int64(h.Sum32()), CommunityTitle: c.name, Draft: draft, Details: d,
	}
}

// around picks a point within so many metres, more often near than far.
func (c city) around(r *rand.Rand, metres float64) model.Point {
	const metresPerDegree = 111_195 // of latitude, on a sphere of 6371 km
	distance := metres * r.Float64() * r.Float64()
	angle := 2 * math.Pi * r.Float64()
	return model.Point{
		Lat: c.Lat + distance*math.Cos(angle)/metresPerDegree,
		Lon: c.Lon + distance*math.Sin(angle)/(metresPerDegree*math.Cos(c.Lat*math.Pi/180)),
	}
}
