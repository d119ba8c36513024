// The application of tests/interop/suite.ts in Go, for releases before 1.0. Their workflows have
// one argument, which is the list of all arguments.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

const sdk = "github.com/dbos-inc/dbos-transact-golang"

type arguments = []any

func text(args arguments, index int) string {
	if index >= len(args) {
		return ""
	}
	value, _ := args[index].(string)
	return value
}

func echo(_ dbos.DBOSContext, args arguments) (arguments, error) {
	return args, nil
}

func echoOne(_ dbos.DBOSContext, value any) (any, error) {
	return value, nil
}

func fail(_ dbos.DBOSContext, args arguments) (any, error) {
	return nil, errors.New(text(args, 0))
}

func waitForMessage(ctx dbos.DBOSContext, args arguments) (any, error) {
	return dbos.Recv[any](ctx, text(args, 0), time.Minute)
}

func collect(ctx dbos.DBOSContext, args arguments) (arguments, error) {
	messages := arguments{}
	for len(messages) < int(args[0].(float64)) {
		message, err := dbos.Recv[any](ctx, text(args, 1), time.Minute)
		if err != nil {
			return nil, err
		}
		messages = append(messages, message)
	}
	return messages, nil
}

func publish(ctx dbos.DBOSContext, args arguments) (any, error) {
	return args[1], dbos.SetEvent(ctx, text(args, 0), args[1])
}

// There are no streams before 0.11.
func writeNumbers(dbos.DBOSContext, arguments) (any, error) {
	return nil, nil
}

func newID(context.Context) (string, error) {
	return rand.Text(), nil
}

// Its steps return different values each time they run.
func takeSteps(ctx dbos.DBOSContext, _ arguments) (map[string]any, error) {
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

func start[P any, R any](ctx dbos.DBOSContext, child dbos.Workflow[P, R], input P) (any, error) {
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

func runChild(ctx dbos.DBOSContext, args arguments) (any, error) {
	switch name := text(args, 0); name {
	case "echoOne":
		return start(ctx, echoOne, args[1])
	case "fail":
		return start(ctx, fail, args[1:])
	case "publish":
		return start(ctx, publish, args[1:])
	default:
		return nil, fmt.Errorf("there is no workflow %s", name)
	}
}

func register[R any](ctx dbos.DBOSContext, name string, workflow dbos.Workflow[arguments, R]) {
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
	ctx := must(dbos.NewDBOSContext(context.Background(), dbos.Config{
		AppName:            "test-app",
		ApplicationVersion: "test-1",
		DatabaseURL:        os.Args[1],
		Logger:             slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}))
	register(ctx, "echo", echo)
	dbos.RegisterWorkflow(ctx, echoOne, dbos.WithWorkflowName("echoOne"))
	register(ctx, "fail", fail)
	register(ctx, "waitForMessage", waitForMessage)
	register(ctx, "collect", collect)
	register(ctx, "publish", publish)
	register(ctx, "writeNumbers", writeNumbers)
	register(ctx, "takeSteps", takeSteps)
	register(ctx, "runChild", runChild)
	dbos.NewWorkflowQueue(ctx, "tasks")
	one := dbos.WithGlobalConcurrency(1)
	dbos.NewWorkflowQueue(ctx, "single", one, dbos.WithWorkerConcurrency(1))
	dbos.NewWorkflowQueue(ctx, "prioritized", one, dbos.WithPriorityEnabled())
	dbos.NewWorkflowQueue(ctx, "partitioned", one, dbos.WithPartitionQueue())
	check(dbos.Launch(ctx))
	ready := must(json.Marshal(map[string]string{"sdk": "dbos-transact-golang " + sdkVersion()[1:]}))
	fmt.Println(string(ready))
	// The parent process holds the other end, so this process also ends if the parent is killed.
	must(io.Copy(io.Discard, os.Stdin))
}
