// The application of tests/interop/suite.ts in Go, for releases from 1.0 on. Those before 1.8 are
// built with the tag before_1_8.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

const sdk = "github.com/dbos-inc/dbos-transact-golang"

// A workflow with a parameter of this type gets all arguments, and not only the first one.
type arguments = dbos.PortableWorkflowArgs

func text(args arguments, index int) string {
	if index >= len(args.PositionalArgs) {
		return ""
	}
	value, _ := args.PositionalArgs[index].(string)
	return value
}

func value(args arguments, index int) any {
	if index >= len(args.PositionalArgs) {
		return nil
	}
	return args.PositionalArgs[index]
}

func count(args arguments, index int) int {
	number, _ := value(args, index).(float64)
	return int(number)
}

func echo(_ dbos.Context, args arguments) ([]any, error) {
	return append([]any{}, args.PositionalArgs...), nil
}

func echoOne(_ dbos.Context, value any) (any, error) {
	return value, nil
}

func echoNamed(_ dbos.Context, args arguments) (map[string]any, error) {
	others := map[string]any{}
	for name, value := range args.NamedArgs {
		if name != "second" {
			others[name] = value
		}
	}
	return map[string]any{
		"first": value(args, 0), "second": args.NamedArgs["second"], "others": others,
	}, nil
}

func fail(_ dbos.Context, args arguments) (any, error) {
	return nil, &dbos.PortableWorkflowError{
		Name: "CustomError", Message: text(args, 0), Code: value(args, 1), Data: value(args, 2),
	}
}

func waitForMessage(ctx dbos.Context, args arguments) (any, error) {
	return dbos.Recv[any](ctx, text(args, 0), time.Minute)
}

func collect(ctx dbos.Context, args arguments) ([]any, error) {
	messages := []any{}
	for len(messages) < count(args, 0) {
		message, err := dbos.Recv[any](ctx, text(args, 1), time.Minute)
		if err != nil {
			return nil, err
		}
		messages = append(messages, message)
	}
	return messages, nil
}

func publish(ctx dbos.Context, args arguments) (any, error) {
	return value(args, 1), dbos.SetEvent(ctx, text(args, 0), value(args, 1))
}

func writeNumbers(ctx dbos.Context, args arguments) (any, error) {
	for number := range count(args, 1) {
		if err := dbos.WriteStream(ctx, text(args, 0), number); err != nil {
			return nil, err
		}
	}
	return nil, dbos.CloseStream(ctx, text(args, 0))
}

func newID(context.Context) (string, error) {
	return rand.Text(), nil
}

// Its steps return different values each time they run.
func takeSteps(ctx dbos.Context, _ arguments) (map[string]any, error) {
	first, err := dbos.RunAsStep(ctx, newID, dbos.WithStepName("first"))
	if err != nil {
		return nil, err
	}
	message, err := dbos.Recv[any](ctx, "steps", time.Minute)
	if err != nil {
		return nil, err
	}
	second, err := dbos.RunAsStep(ctx, newID, dbos.WithStepName("second"))
	return map[string]any{"first": first, "message": message, "second": second}, err
}

func start[P any, R any](ctx dbos.Context, child dbos.Workflow[P, R], input P) (any, error) {
	workflowID, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return nil, err
	}
	handle, err := dbos.RunWorkflow(ctx, child, input, dbos.WithWorkflowID(workflowID+"-child"))
	if err != nil {
		return nil, err
	}
	return handle.GetResult()
}

func runChild(ctx dbos.Context, args arguments) (any, error) {
	input := arguments{PositionalArgs: args.PositionalArgs[1:]}
	switch name := text(args, 0); name {
	case "echoOne":
		return start(ctx, echoOne, value(input, 0))
	case "fail":
		return start(ctx, fail, input)
	case "publish":
		return start(ctx, publish, input)
	case "writeNumbers":
		return start(ctx, writeNumbers, input)
	default:
		return nil, fmt.Errorf("there is no workflow %s", name)
	}
}

type speaker struct{ language string }

// ConfigName distinguishes instances.
func (s *speaker) ConfigName() string { return s.language }

func (s *speaker) speak(_ dbos.Context, name string) (string, error) {
	return fmt.Sprintf("%s: %s", s.language, name), nil
}

func register[R any](ctx dbos.Context, name string, workflow dbos.Workflow[arguments, R]) {
	dbos.RegisterWorkflow(ctx, workflow, dbos.WithWorkflowName(name))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func sdkVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == sdk {
			return module.Version
		}
	}
	return "unknown"
}

func main() {
	ctx := must(dbos.NewContext(context.Background(), dbos.Config{
		AppName:                  "test-app",
		ApplicationVersion:       "test-1",
		DatabaseURL:              os.Args[1],
		SchedulerPollingInterval: 200 * time.Millisecond,
		Logger:                   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}))
	register(ctx, "echo", echo)
	register(ctx, "echoNamed", echoNamed)
	dbos.RegisterWorkflow(ctx, echoOne, dbos.WithWorkflowName("echoOne"))
	register(ctx, "fail", fail)
	register(ctx, "waitForMessage", waitForMessage)
	register(ctx, "collect", collect)
	register(ctx, "publish", publish)
	register(ctx, "writeNumbers", writeNumbers)
	register(ctx, "whoAmI", whoAmI)
	register(ctx, "takeSteps", takeSteps)
	register(ctx, "runChild", runChild)
	registerCounts(ctx)
	french := &speaker{"french"}
	dbos.RegisterWorkflow(ctx, french.speak, dbos.WithWorkflowName("speak"), dbos.WithInstance(french))
	check(dbos.Launch(ctx))
	for name, options := range limits {
		options = append(options, dbos.WithQueueBasePollingInterval(50*time.Millisecond))
		must(dbos.RegisterQueue(ctx, name, options...))
	}
	if _, ok := os.LookupEnv("OWN_SCHEDULE"); ok {
		check(dbos.CreateSchedule(ctx, dbos.ScheduleSpec{
			ScheduleName: "own",
			WorkflowName: "echoOne",
			Schedule:     "* * * * * *",
			Context:      map[string]bool{"own": true},
		}))
	}
	ready := must(json.Marshal(map[string]string{"sdk": "dbos-transact-golang " + sdkVersion()[1:]}))
	fmt.Println(string(ready))
	// The parent process holds the other end, so this process also ends if the parent is killed.
	must(io.Copy(io.Discard, os.Stdin))
}
