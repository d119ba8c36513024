// Prints go_json.json: what Go workers store, as name -> text.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

type order struct {
	Number int64     `json:"number"`
	Lines  []string  `json:"lines"`
	At     time.Time `json:"at"`
	Bytes  []byte    `json:"bytes"`
	Next   *order    `json:"next"`
}

type OrderError struct {
	Message string
	Code    int
}

func (e *OrderError) Error() string { return e.Message }

func main() {
	gob.Register(&OrderError{})
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	out := map[string]string{"nil": "__DBOS_NIL", "plainError": "no such order"}
	for name, value := range map[string]any{
		"text": "ä\"\\😀 12345678901234567890", "integer": 7, "float": 1.5,
		"longs": []int64{1, math.MaxInt64, math.MinInt64, 9007199254740993},
		"order": order{7, []string{"a"}, at, []byte{0, 255}, &order{Number: math.MaxInt64}},
		"map":   map[string]any{"__proto__": 1, "nested": map[string]any{"at": at}},
	} {
		b, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		out[name] = base64.StdEncoding.EncodeToString(b)
	}
	var failure any = &OrderError{"no such order", 7}
	var buffer bytes.Buffer
	if err := gob.NewEncoder(&buffer).Encode(&failure); err != nil {
		panic(err)
	}
	out["gobError"] = base64.StdEncoding.EncodeToString(buffer.Bytes())
	b, _ := json.MarshalIndent(out, "", " ")
	fmt.Println(string(b))
}
