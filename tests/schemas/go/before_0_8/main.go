// An application for releases that read only gobs, so that no workflow is ever enqueued.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

func main() {
	ctx, err := dbos.NewDBOSContext(context.Background(), dbos.Config{
		AppName:            "test-app",
		ApplicationVersion: "test-1",
		DatabaseURL:        os.Args[1],
		Logger:             slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		panic(err)
	}
	if err := ctx.Launch(); err != nil {
		panic(err)
	}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/dbos-inc/dbos-transact-golang" {
			sdk, _ := json.Marshal("dbos-transact-golang " + module.Version[1:])
			fmt.Printf("{\"sdk\": %s}\n", sdk)
		}
	}
	io.Copy(io.Discard, os.Stdin)
}
