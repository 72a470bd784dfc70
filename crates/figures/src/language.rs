//! Languages as an observer of lengths meets them: how long their words are, and how many bytes a letter takes.
//!
//! For each some of its most frequent words, in about the order of their frequency, and what people often write by
//! itself. A model: words are drawn by Zipf's law, and nothing makes sense.

use crate::draw::{log_normal, rounded, summed, unit, weighted};
use kernel::Rng;

/// Words in a message: about half have fewer, and the mean is about ten.
const MEDIAN_WORDS: f64 = 7.0;
const SIGMA_WORDS: f64 = 0.8;
const MOST_WORDS: usize = 120;
/// Messages that are a phrase by itself.
const PHRASES: f64 = 0.3;

/// A language of the model.
pub struct Language {
    /// Its name in English.
    pub name: &'static str,
    words: &'static str,
    phrases: &'static str,
    /// Between words.
    space: &'static str,
}

/// Those of the paper.
pub const LANGUAGES: [Language; 6] = [
    Language {
        name: "Chinese",
        words: "我 的 你 了 是 不 在 有 他 就 好 吗 也 去 说 要 来 都 这 那 很 我们 什么 会 吃 看 没有 今天 知道 可以 \
                一个 时候 现在 明天 怎么 他们 觉得 回家 工作 晚上 喜欢 朋友 时间 下班 起来 等 谢谢 因为 所以 电话",
        phrases: "好的 谢谢 嗯 哈哈 在吗 好 晚安 早上好 没事 知道了 明天见 不客气",
        space: "",
    },
    Language {
        name: "English",
        words: "i you to the a and it is in that of for on me my so have be but we do just not what with at know your \
                are can like get now up go will this was all there out how when good time think see want come really \
                tomorrow work home about because people",
        phrases: "ok|thanks!|yes|no|lol|hey|good night|good morning|no problem|see you tomorrow|on my way|you're \
                  welcome",
        space: " ",
    },
    Language {
        name: "French",
        words: "je de pas tu et le la que les un c'est est à il on ça en ne une pour mais moi qui j'ai dans bien me \
                des avec te tout plus si faire elle vous comme quoi aussi fait nous alors après demain maison \
                aujourd'hui vraiment parce travail quand toujours peut-être",
        phrases: "ok|merci !|oui|non|mdr|coucou|bonne nuit|bonjour|pas de souci|à demain|j'arrive|je t'en prie",
        space: " ",
    },
    Language {
        name: "German",
        words: "ich du die der und das ist nicht es ja in zu wir mir so mit aber auch was noch auf mal dann bin da \
                wie hast den für ein habe schon jetzt heute morgen wenn nur doch gut sie kann wieder machen immer \
                vielleicht eigentlich wirklich arbeiten zuhause natürlich gerade",
        phrases: "ok|danke!|ja|nein|haha|hallo|gute Nacht|guten Morgen|kein Problem|bis morgen|bin unterwegs|gern \
                  geschehen",
        space: " ",
    },
    Language {
        name: "Russian",
        words: "я не и в что ты на с как а это у мы но все так он мне да за уже меня по тебя там когда если бы ну \
                только будет завтра сегодня был можно надо очень дома сейчас есть тебе потом хорошо работа почему \
                конечно наверное приехать спасибо понимаю",
        phrases: "ок|спасибо!|да|нет|ага|привет|спокойной ночи|доброе утро|ничего страшного|до завтра|уже \
                  еду|пожалуйста",
        space: " ",
    },
    Language {
        name: "Spanish",
        words: "que no de la y a el en es me te lo un por con se si pero ya para mi una los como bien está las muy \
                más qué hoy todo eso cuando tengo mañana voy hacer porque vamos bueno casa estoy ahora aquí también \
                siempre trabajo nosotros después entonces",
        phrases: "ok|gracias!|sí|no|jajaja|hola|buenas noches|buenos días|no pasa nada|hasta mañana|ya voy|de nada",
        space: " ",
    },
];

/// Somebody who writes a language.
pub struct Writer {
    words: Vec<&'static str>,
    phrases: Vec<&'static str>,
    words_summed: Vec<f64>,
    phrases_summed: Vec<f64>,
    space: &'static str,
}

impl Writer {
    /// A writer of this language.
    pub fn of(language: &Language) -> Self {
        let words: Vec<_> = language.words.split_whitespace().collect();
        let separator = if language.space.is_empty() { ' ' } else { '|' };
        let phrases: Vec<_> = language.phrases.split(separator).map(str::trim).collect();
        let zipf = |list: &[&str]| summed((1..=list.len()).map(|rank| 1.0 / rank as f64));
        Self {
            words_summed: zipf(&words),
            phrases_summed: zipf(&phrases),
            words,
            phrases,
            space: language.space,
        }
    }

    /// A message: a phrase, or some words.
    pub fn text(&self, rng: &mut Rng) -> String {
        let pick = |rng: &mut Rng, list: &[&'static str], summed: &[f64]| {
            list.get(weighted(rng, summed)).copied().unwrap_or_default()
        };
        if unit(rng) < PHRASES {
            return pick(rng, &self.phrases, &self.phrases_summed).to_owned();
        }
        let words = rounded(log_normal(rng, MEDIAN_WORDS, SIGMA_WORDS)).clamp(1, MOST_WORDS);
        let words: Vec<_> = (0..words).map(|_| pick(rng, &self.words, &self.words_summed)).collect();
        words.join(self.space)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lab;

    #[test]
    fn letters_take_as_many_bytes_as_their_script() {
        let mut rng = Lab::new(1).rng("letters");
        for language in &LANGUAGES {
            let writer = Writer::of(language);
            let text: String = (0..500).map(|_| writer.text(&mut rng)).collect();
            let width = text.len() as f64 / text.chars().count() as f64;
            let expected = match language.name {
                "Chinese" => 2.9..3.01,
                "Russian" => 1.7..2.0,
                _ => 1.0..1.05,
            };
            assert!(expected.contains(&width), "{}: {width}", language.name);
        }
    }
}
