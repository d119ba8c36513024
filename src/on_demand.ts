/**
 * A function that loads a module when it is first called. It returns a promise only until the module is
 * loaded: an `import()` takes several microseconds each time.
 */
export function onDemand<Module>(load: () => Promise<Module>): () => Module | Promise<Module> {
  let module: Module | undefined;
  return () => module ?? load().then((loaded) => module = loaded);
}
