//! Pairs that must not understand each other.

use std::cell::RefCell;
use std::rc::Rc;

use crate::conversation::{Divergence, Initiator, Plan};
use crate::dice::Dice;
use crate::official::Official;
use crate::oracle::{Oracle, OracleError};
use crate::ours::Ours;
use crate::party::{Name, Party};

/// One side initiates and sends; the other has to refuse everything. Answers what it accepted.
///
/// # Errors
/// When the oracle fails.
pub fn refuses(oracle: &Rc<RefCell<Oracle>>, plan: &Plan) -> Result<Vec<Divergence>, OracleError> {
    let mut dice = Dice::new(plan.seed);
    let ours = Name { service: "9d0652a3-dcc3-4d11-975f-74d61598733f".to_owned(), device: 1 };
    let official = Name { service: "796abedb-ca4e-4f18-8803-1fde5b921f9f".to_owned(), device: 2 };
    let mut their = Official::new(oracle, &official, &ours, 5, plan.official_has_kyber)?;
    let mut our = Ours::new(plan.speaks, &ours, &official, dice.seed());
    let (sender, receiver): (&mut dyn Party, &mut dyn Party) = match plan.initiator {
        Initiator::Ours | Initiator::Both => (&mut our, &mut their),
        Initiator::Official => (&mut their, &mut our),
    };
    let bundle = receiver.publish(dice.chance(500))?;
    // Whoever can't even begin understands nothing either.
    if sender.initiate(&bundle)?.is_err() {
        return Ok(Vec::new());
    }
    let plaintexts: Vec<_> = (0..plan.messages).map(|_| dice.bytes(40)).collect();
    let messages: Vec<_> = sender.encrypt(&plaintexts)?.into_iter().flatten().collect();
    let accepted = receiver.decrypt(&messages)?.into_iter().enumerate().filter(|(_, answer)| answer.is_ok());
    let divergence = |(at, _)| Divergence {
        seed: plan.seed,
        turn: at,
        what: format!("message {at} was accepted and had to be refused"),
    };
    Ok(accepted.map(divergence).collect())
}
