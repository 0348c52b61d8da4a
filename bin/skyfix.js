#!/usr/bin/env node
import('../dist/cli/skyfix.js').then((cli) => cli.main(process.argv));
