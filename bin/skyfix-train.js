#!/usr/bin/env node
import('../training/dist/cli/skyfix-train.js').then(
  (cli) => cli.main(process.argv),
  (error) => {
    console.error(
      `skyfix-train needs the training runtime: run "npm run setup:training" first.\n(${error.message})`,
    );
    process.exitCode = 1;
  },
);
