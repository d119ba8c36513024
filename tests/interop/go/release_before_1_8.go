//go:build before_1_8

package main

import "github.com/dbos-inc/dbos-transact-golang/dbos"

var limits = map[string][]dbos.QueueOption{
	"tasks":       nil,
	"single":      {dbos.WithGlobalConcurrency(1), dbos.WithWorkerConcurrency(1)},
	"prioritized": {dbos.WithGlobalConcurrency(1), dbos.WithPriorityEnabled()},
	"partitioned": {dbos.WithGlobalConcurrency(1), dbos.WithPartitionQueue()},
}

// Workflows cannot read the user.
func whoAmI(dbos.Context, arguments) (any, error) {
	return nil, nil
}

// Only the newest release is asked to count.
func registerCounts(dbos.Context) {}
