//go:build !before_1_8

package main

import (
	"encoding/json"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

var limits = map[string][]dbos.QueueOption{
	"tasks":       nil,
	"single":      {dbos.WithGlobalConcurrency(1), dbos.WithWorkerConcurrency(1)},
	"prioritized": {dbos.WithGlobalConcurrency(1)},
	"partitioned": {dbos.WithPartitionConcurrency(1)},
}

func whoAmI(ctx dbos.Context, _ arguments) (map[string]any, error) {
	user, err := dbos.GetAuthenticatedUser(ctx)
	return map[string]any{"user": user}, err
}

// Reads an argument of the client into the input of a function.
func read(args arguments, input any) {
	check(json.Unmarshal(must(json.Marshal(value(args, 0))), input))
}

func countWorkflows(ctx dbos.Context, args arguments) ([]dbos.WorkflowAggregateRow, error) {
	var input dbos.GetWorkflowAggregatesInput
	read(args, &input)
	return dbos.GetWorkflowAggregates(ctx, input)
}

func countSteps(ctx dbos.Context, args arguments) ([]dbos.StepAggregateRow, error) {
	var input dbos.GetStepAggregatesInput
	read(args, &input)
	return dbos.GetStepAggregates(ctx, input)
}

func registerCounts(ctx dbos.Context) {
	register(ctx, "countWorkflows", countWorkflows)
	register(ctx, "countSteps", countSteps)
}
