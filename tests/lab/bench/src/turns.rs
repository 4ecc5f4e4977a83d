//! Programs that are run in turn, so that other activity on the machine affects all of them
//! alike, and a table of their figures.

use std::array;

use crate::failure::Failure;
use crate::program::Program;
use crate::statistics::Series;
use crate::table::Table;

/// A program and its arguments.
pub(crate) type Task<'a> = (&'a Program, &'a [&'a str]);
/// The columns of a program, or why it has none.
pub(crate) type Columns<const N: usize> = Result<[Series; N], Failure>;

/// Runs the programs in turn; one that fails drops out.
pub(crate) fn in_turn<const N: usize>(
    tasks: &[Task<'_>],
    rounds: u32,
    mut measure: impl FnMut(Task<'_>) -> Result<[f64; N], Failure>,
) -> Vec<Columns<N>> {
    let none = || Ok(array::from_fn(|_| Series::default()));
    let mut results: Vec<Columns<N>> = tasks.iter().map(|_| none()).collect();
    for round in 0..=rounds {
        for (task, result) in tasks.iter().zip(&mut results) {
            let Ok(columns) = result else { continue };
            match measure(*task) {
                // The first brings the program into memory.
                Ok(_) if round == 0 => {}
                Ok(figures) => columns.iter_mut().zip(figures).for_each(|(it, of)| it.push(of)),
                Err(failure) => *result = Err(failure),
            }
        }
    }
    results
}

/// A row for each program.
pub(crate) fn fill<const N: usize>(
    table: &mut Table,
    tasks: &[Task<'_>],
    results: &[Columns<N>],
    mut cells: impl FnMut(&Program, &[Series; N]) -> Vec<String>,
) {
    for ((program, _), result) in tasks.iter().zip(results) {
        match result {
            Ok(columns) => {
                let cells = cells(program, columns);
                table.row([program.label.to_owned()].into_iter().chain(cells));
            }
            Err(why) => table.not_measured(program.label, why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_drops_out_and_the_first_round_is_not_counted() {
        let program = |label| Program { label, path: label.into() };
        let (one, other) = (program("one"), program("other"));
        let tasks: [Task<'_>; 2] = [(&one, &[]), (&other, &[])];
        let mut runs = 0.0;
        let results = in_turn(&tasks, 2, |(program, _)| {
            if program.label == "other" {
                return Err(Failure::new("no"));
            }
            runs += 1.0;
            Ok([runs])
        });
        let expected: Series = [2.0, 3.0].into_iter().collect();
        assert_eq!(results, [Ok([expected]), Err(Failure::new("no"))]);
    }
}
