package actors

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// PlainData checks that values of type t are plain data, as a session's state has to be:
// booleans, numbers, strings, times, and structs, arrays, slices, maps and pointers of
// those. It fails on functions, channels, interfaces, addresses and locks, and on
// unexported fields, which a snapshot would lose.
func PlainData(t reflect.Type) error {
	if t == nil {
		return errors.New("no type")
	}
	return plain(t, t.String(), map[reflect.Type]bool{})
}

// plain checks t, which is found at path. Types in seen are checked or being checked.
func plain(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if seen[t] || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return nil
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return plain(t.Elem(), path+"[]", seen)
	case reflect.Map:
		return errors.Join(plain(t.Key(), path+"[key]", seen), plain(t.Elem(), path+"[]", seen))
	case reflect.Struct:
		return plainFields(t, path, seen)
	}
	return fmt.Errorf("%s: a %s is not plain data", path, t.Kind())
}

func plainFields(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if p := t.PkgPath(); p == "sync" || p == "sync/atomic" {
		return fmt.Errorf("%s: a %s is not plain data", path, t)
	}
	var errs []error
	for f := range t.Fields() {
		at := path + "." + f.Name
		switch {
		case f.Name == "_": // carries options of the snapshot's format
		case !f.IsExported():
			errs = append(errs, fmt.Errorf("%s: an unexported field is lost in a snapshot", at))
		default:
			errs = append(errs, plain(f.Type, at, seen))
		}
	}
	return errors.Join(errs...)
}
