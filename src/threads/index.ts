// Threads: one worker that answers requests, and what its owner hears when it dies.
export {};
