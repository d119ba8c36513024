//go:build !before_1_8

package main

import "github.com/dbos-inc/dbos-transact-golang/dbos"

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
