//! One step of a machine while it is being made: when it happens, what it draws, what it writes and what it says.

use crate::{Effects, Rng, Time, Transaction};

/// What everything that happens within one step shares. It is made once for each input, from what the shell hands
/// over, and passed down; what was written and said is the step's [`Effects`].
pub struct Step<'a, O> {
    /// When it happens.
    pub now: Time,
    /// The random numbers of the party that makes it.
    pub rng: &'a mut Rng,
    /// What becomes durable with it.
    pub transaction: &'a mut Transaction,
    /// A function, so that a part of a machine that has its own outputs says them in the machine's order.
    outputs: &'a mut dyn FnMut(O),
}

impl<O> Step<'_, O> {
    /// Says `output` once the step is durable.
    pub fn say(&mut self, output: O) {
        (self.outputs)(output);
    }

    /// The same step with the random numbers of one of those whom the party serves ([`Rng::child`]).
    pub fn drawing_for<R>(&mut self, of: u64, act: impl FnOnce(&mut Step<'_, O>) -> R) -> R {
        let Self { now, rng, transaction, outputs } = self;
        act(&mut Step { now: *now, rng: rng.child(of), transaction, outputs: *outputs })
    }

    /// The same step for a part of the machine: what the part says, the machine says, at this place.
    pub fn part<P, R>(&mut self, act: impl FnOnce(&mut Step<'_, P>) -> R) -> R
    where
        O: From<P>,
    {
        let mut outputs = |output| (self.outputs)(O::from(output));
        act(&mut Step { now: self.now, rng: self.rng, transaction: self.transaction, outputs: &mut outputs })
    }
}

impl<O> Effects<O> {
    /// What follows from the step that `act` makes.
    pub fn of(now: Time, rng: &mut Rng, act: impl FnOnce(&mut Step<'_, O>)) -> Self {
        let mut effects = Self::none();
        effects.step(now, rng, act);
        effects
    }

    /// Adds what follows from the step that `act` makes; its outputs may be those of a part of the machine.
    pub fn step<P, R>(&mut self, now: Time, rng: &mut Rng, act: impl FnOnce(&mut Step<'_, P>) -> R) -> R
    where
        O: From<P>,
    {
        let Self { transaction, outputs: said } = self;
        let mut outputs = |output| said.push(O::from(output));
        act(&mut Step { now, rng, transaction, outputs: &mut outputs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seed, Table};

    #[derive(Debug, PartialEq)]
    enum Whole {
        Own(u8),
        Part(char),
    }

    impl From<char> for Whole {
        fn from(said: char) -> Self {
            Self::Part(said)
        }
    }

    fn rng() -> Rng {
        Rng::for_entity(&Seed::from_number(1), "machine")
    }

    #[test]
    fn what_a_part_says_keeps_its_place() {
        let effects = Effects::of(Time::from_secs(5), &mut rng(), |step| {
            step.say(Whole::Own(1));
            let now = step.part(|step: &mut Step<'_, char>| {
                step.say('a');
                step.now
            });
            assert_eq!(now, Time::from_secs(5));
            step.say(Whole::Own(2));
        });
        assert_eq!(effects.outputs, [Whole::Own(1), Whole::Part('a'), Whole::Own(2)]);
    }

    #[test]
    fn a_part_writes_into_the_transaction_and_draws_the_numbers_of_its_machine() {
        let table = Table::state("table");
        let write = |step: &mut Step<'_, Whole>| {
            step.transaction.remove(table, step.rng.bytes::<4>().to_vec());
        };
        let whole: Effects<Whole> = Effects::of(Time::EPOCH, &mut rng(), |step| {
            write(step);
            write(step);
        });
        let parts: Effects<Whole> = Effects::of(Time::EPOCH, &mut rng(), |step| {
            write(step);
            step.part(|step: &mut Step<'_, char>| {
                step.transaction.remove(table, step.rng.bytes::<4>().to_vec());
            });
        });
        assert_eq!(whole.transaction.ops().len(), 2);
        assert_eq!(whole.transaction, parts.transaction);
    }
}
