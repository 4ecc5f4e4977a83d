// Whether two types are the same, for the other files.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `same<A, B>()` compiles if A and B are the same type. */
export declare function same<A, B>(...proof: Same<A, B> extends true ? [] : ["these are two types"]): void;
