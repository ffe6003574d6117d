package timezone

// Google's polyline encoding: each point is the difference from the one before, longitude
// first here; each number is zigzag-coded and cut into groups of five bits, lowest first,
// 32 added where more follow, and 63 to make it printable.
// https://developers.google.com/maps/documentation/utilities/polylinealgorithm
const (
	base     = 63
	more     = 32
	group    = 5
	maxShift = 25 // 30 bits hold any difference on the globe
)

// next decodes the first point of points, given the one before it, and returns what
// follows. points must have passed check.
func next(points []byte, x, y int32) (nextX, nextY int32, rest []byte) {
	dx, points := number(points)
	dy, points := number(points)
	return x + dx, y + dy, points
}

// number decodes the first number and returns what follows.
func number(points []byte) (int32, []byte) {
	var u uint32
	for i, shift := 0, 0; i < len(points); i, shift = i+1, shift+group {
		c := uint32(points[i]) - base
		u |= (c &^ more) << shift
		if c < more {
			return int32(u>>1) ^ -int32(u&1), points[i+1:]
		}
	}
	return 0, nil
}

// check reports whether points is a whole number of well-formed points on the globe.
func check(points []byte) error {
	numbers, shift := 0, 0
	for _, b := range points {
		switch {
		case b < base || b >= base+2*more || shift > maxShift:
			return errData
		case b < base+more:
			numbers, shift = numbers+1, 0
		default:
			shift += group
		}
	}
	if shift != 0 || numbers%2 != 0 || numbers == 0 {
		return errData
	}
	for x, y := int32(0), int32(0); len(points) > 0; {
		x, y, points = next(points, x, y)
		if x < -180*unit || x > 180*unit || y < -90*unit || y > 90*unit {
			return errData
		}
	}
	return nil
}
