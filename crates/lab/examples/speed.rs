//! Speed.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let scenario: scenario::Scenario = toml::from_str(&text).unwrap();
    let experiment = lab::Experiment { scenario, seed: 7, costs: Default::default(), threads: std::num::NonZeroUsize::new(args[2].parse().unwrap()).unwrap(), until: None };
    let t = std::time::Instant::now();
    let mut last = 0;
    let s = experiment.run(None, &mut |p| { if (p.done * 20.0) as u32 != last { last = (p.done*20.0) as u32; eprintln!("{:.2} {} msgs {} ev {:.1}s", p.done, p.messages, p.events, t.elapsed().as_secs_f64()); } }, &Default::default(), || 0.0).unwrap();
    println!("{:#?} {:.2}s", s, t.elapsed().as_secs_f64());
}
