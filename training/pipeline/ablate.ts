export async function ablate(_: unknown): Promise<void> {}
