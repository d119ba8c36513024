// Prints gobs.json: what Go workers store for errors, as name -> text. Needs DBOS:
// `cd ../interop/go && go run ../../vectors/make_gobs.go > ../../vectors/gobs.json`
package main

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

type OrderError struct {
	Message string
	Code    int
	cause   error
}

func (e *OrderError) Error() string { return fmt.Sprintf("order: %s (%d)", e.Message, e.Code) }
func (e *OrderError) Unwrap() error { return e.cause }

type ValueError struct{ Field, Msg string }

func (e ValueError) Error() string { return e.Field + ": " + e.Msg }

type Reason string

func (r Reason) Error() string { return "failed: " + string(r) }

type Number int

func (n Number) Error() string { return fmt.Sprint(int(n)) }

type Reasons []string

func (r Reasons) Error() string { return strings.Join(r, "\n") }

type Of[T any] struct{ Subject T }

func (e *Of[T]) Error() string { return fmt.Sprint(e.Subject) }

type NoFields struct{ reason string }

func (e *NoFields) Error() string { return e.reason }

type Unregistered struct{ Message string }

func (e *Unregistered) Error() string { return e.Message }

type Link struct {
	Number int
	Next   *Link
}

func (e *Link) Error() string { return "a chain" }

type point struct{ X, Y int }

type Embedded struct{ Inside string }

type Everything struct {
	Embedded
	Yes       bool
	Small     int8
	Ints      []int64
	Uints     []uint64
	Floats    []float64
	Float     float32
	Complex   complex128
	Texts     []string
	Bytes     []byte
	Array     [3]int
	ByNumber  map[int]string
	ByText    map[string]point
	ByPoint   map[point]bool
	Any       []any
	Cause     error
	At        time.Time
	Wait      time.Duration
	Big       *big.Int
	Address   netip.Addr
	Points    []*point
	Grid      [][]point
	Pointer   **int
	Empty     struct{}
	Emptied   []string
	Zero      int
	NilCause  error
	NilAny    any
	unknown   int
	Func      func()
	Interface map[string]any
}

func (e *Everything) Error() string { return "everything" }

func main() {
	gob.Register(&OrderError{})
	gob.RegisterName("github.com/example/shop/v2.ValueError", ValueError{})
	gob.Register(Reason(""))
	gob.Register(Number(0))
	gob.Register(Reasons{})
	gob.Register(&Of[point]{})
	gob.Register(&NoFields{})
	gob.Register(&Link{})
	gob.Register(&Everything{})
	gob.Register(point{})
	gob.Register([]point{})
	gob.Register(map[string]any{})

	seven := 7
	pointer := &seven
	var chain, deep *Link
	for n := range 600 {
		deep = &Link{n, deep}
		if n < 3 {
			chain = &Link{n, chain}
		}
	}
	everything := &Everything{
		Embedded: Embedded{"inside"},
		Yes:      true,
		Small:    -128,
		Ints:     []int64{0, 1, -1, 63, 64, -64, -65, 1 << 31, 1<<53 - 1, 1 << 53, math.MaxInt64, math.MinInt64},
		Uints:    []uint64{127, 128, 255, 256, math.MaxUint64},
		Floats:   []float64{0, 1, -1.5, 17, 0.1, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64},
		Float:    0.5,
		Complex:  complex(1, -2),
		Texts:    []string{"", "ä€😀", "\ufeffmark", "no UTF-8: \xff", strings.Repeat("x", 300)},
		Bytes:    []byte{0, 127, 128, 255},
		Array:    [3]int{1, 0, 3},
		ByNumber: map[int]string{7: "seven"},
		ByText:   map[string]point{"__proto__": {1, 2}},
		ByPoint:  map[point]bool{{1, 0}: true},
		Any: []any{
			1, "text", nil, 1.5, true, []byte{1}, point{3, 0}, point{}, []point{{4, 5}}, []string{"a"},
			map[string]any{"nested": map[string]any{"deeper": Reason("why"), "point": point{6, 7}}},
		},
		Cause:     &OrderError{Message: "cause"},
		At:        time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.FixedZone("", 5*3600)),
		Wait:      time.Second,
		Big:       big.NewInt(-258),
		Address:   netip.MustParseAddr("192.0.2.1"),
		Points:    []*point{{1, 2}},
		Grid:      [][]point{{{1, 2}}, {}},
		Pointer:   &pointer,
		Emptied:   []string{},
		Interface: map[string]any{"a": ValueError{"email", "is none"}},
	}

	encode := func(err error) string {
		encoded, gobErr := dbos.NewGobSerializer().Encode(err)
		if gobErr != nil {
			// Workers do the same.
			fmt.Fprintln(os.Stderr, gobErr)
			return err.Error()
		}
		return *encoded
	}
	order := &OrderError{Message: "no such order", Code: 7}
	out := map[string]string{
		"new":             encode(errors.New("no such order")),
		"wrapped":         encode(fmt.Errorf("cannot ship: %w", order)),
		"joined":          encode(errors.Join(order, errors.New("and more"))),
		"unregistered":    encode(&Unregistered{"not registered"}),
		"noFields":        encode(&NoFields{"no exported fields"}),
		"unencodable":     encode(&Everything{Cause: errors.New("within")}),
		"order":           encode(order),
		"wrapping":        encode(&OrderError{"no such order", 7, errors.New("cause")}),
		"zero":            encode(&OrderError{}),
		"value":           encode(ValueError{"email", "is none"}),
		"reason":          encode(Reason("out of paper")),
		"number":          encode(Number(-7)),
		"reasons":         encode(Reasons{"one", "two"}),
		"generic":         encode(&Of[point]{point{1, 2}}),
		"chain":           encode(chain),
		"deep":            encode(deep),
		"everything":      encode(everything),
		"long":            encode(&OrderError{Message: strings.Repeat("long ", 100)}),
		"portable":        encode(&dbos.PortableWorkflowError{Name: "CustomError", Message: "out of paper", Code: "E_PAPER", Data: map[string]any{"tray": 2}}),
		"portablePlain":   encode(&dbos.PortableWorkflowError{Name: "CustomError", Message: "out of paper"}),
		"portableNoName":  encode(&dbos.PortableWorkflowError{Message: "out of paper", Code: 400}),
		"dbos":            encode(&dbos.Error{Message: "Step pay has exceeded its maximum of 3 retries: no money", Code: dbos.ErrorCodeMaxStepRetriesExceeded, WorkflowID: "w", StepName: "pay", MaxRetries: 3}),
		"dbosCode":        encode(dbos.ErrWorkflowIDInUse),
		"dbosUnknownCode": encode(&dbos.Error{Message: "from a later release", Code: 999}),
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic(err)
	}
	fmt.Println(string(b))
}
