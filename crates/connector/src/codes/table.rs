//! The return codes, by what a refused request did and what kind of refusal it is.
//!
//! Facts from Bybit V5, "Error Codes" (unified account, spot, spot margin) and "Trade WebSocket guideline", as of
//! July 2026. Products that this engine does not trade (loans, earn, RFQ, asset transfers) are left out: their
//! codes count as unlisted, that is as unknown.

use super::{Effect, Rule};
use windvane_model::RefusalFamily;

/// Codes of the trade socket itself. Two of them (10003, 10016) mean something else over REST.
pub(super) const TRADE_SOCKET: &[Rule] = &[
    Rule { effect: Effect::Nothing, family: RefusalFamily::AlreadySo, codes: &[20001] },
    Rule { effect: Effect::Nothing, family: RefusalFamily::InvalidParameter, codes: &[10404] },
    Rule { effect: Effect::Unknown, family: RefusalFamily::RateLimit, codes: &[10003, 10403, 20003] },
    Rule { effect: Effect::Unknown, family: RefusalFamily::Duplicate, codes: &[20006] },
    Rule { effect: Effect::Unknown, family: RefusalFamily::NotTrading, codes: &[10019] },
    Rule { effect: Effect::Unknown, family: RefusalFamily::Other, codes: &[10016, 10429] },
];

/// Codes of the unified trading account.
pub(super) const UNIFIED: &[Rule] = &[
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::InsufficientMargin,
        codes: &[
            30256, 110004, 110006, 110007, 110012, 110014, 110044, 110045, 110047, 110051, 110052, 110053,
            110078, 110131, 182101, 182108, 3400071,
        ],
    },
    Rule { effect: Effect::Nothing, family: RefusalFamily::RateLimit, codes: &[10006] },
    Rule { effect: Effect::Nothing, family: RefusalFamily::Timestamp, codes: &[-1, 10002] },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::Authentication,
        codes: &[-2015, 10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 10028, 33004],
    },
    Rule { effect: Effect::Nothing, family: RefusalFamily::OrderNotFound, codes: &[110001, 110008, 110010] },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::AlreadySo,
        codes: &[34040, 110025, 110026, 110027, 110043],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::ReduceOnly,
        codes: &[30228, 110017, 110023, 110034, 110042, 110058, 110082, 110083, 110137],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::PriceLimit,
        codes: &[30208, 30209, 110003, 110116, 110120, 110121],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::InvalidParameter,
        codes: &[
            10001, 10017, 10029, 110018, 110019, 110032, 110037, 110049, 110050, 110057, 110059, 110060,
            110064, 110092, 110093, 110094, 110098, 110099, 110103, 110108, 110109, 110115, 110117, 181017,
            182111, 182112, 3100181, 3100326,
        ],
    },
    Rule { effect: Effect::Nothing, family: RefusalFamily::OrderCount, codes: &[110009, 110020, 110061] },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::PositionMode,
        codes: &[
            110015, 110024, 110028, 110029, 110036, 110038, 110076, 110077, 110096, 110110, 110113, 110135,
            3200403, 3200419, 3200425, 3400208,
        ],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::Other,
        codes: &[
            30133, 30134, 30135, 30136, 100028, 110005, 110011, 110013, 110016, 110021, 110022, 110031,
            110033, 110039, 110040, 110041, 110046, 110048, 110054, 110055, 110056, 110062, 110065, 110067,
            110068, 110069, 110070, 110073, 110075, 110080, 110085, 110086, 110087, 110088, 110089, 110090,
            110097, 110100, 110101, 110102, 110104, 110105, 110106, 110107, 110111, 110112, 110119, 110123,
            110124, 110125, 110132, 110136, 170346, 170360, 182011, 182100, 182102, 182103, 182110, 500010,
            500011, 3200316, 3200317, 3200320, 3200641, 3400045, 3400052, 3400053, 3400054, 3400139, 3400210,
            3400211, 3400213, 3401010,
        ],
    },
    Rule { effect: Effect::Exists, family: RefusalFamily::Duplicate, codes: &[10014, 110030, 110072] },
    Rule { effect: Effect::Unknown, family: RefusalFamily::RateLimit, codes: &[10018, 30035] },
    Rule {
        effect: Effect::Unknown,
        family: RefusalFamily::NotTrading,
        codes: &[110063, 110066, 110071, 110074, 110095, 3100197, 3400209, 3400212],
    },
    Rule {
        effect: Effect::Unknown,
        family: RefusalFamily::Other,
        codes: &[429, 10000, 10016, 40004, 110035, 110079, 110114, 110118, 3400214],
    },
];

/// Codes of spot trading.
pub(super) const SPOT: &[Rule] = &[
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::InsufficientMargin,
        codes: &[170033, 170034, 170131, 170207, 170228, 170229],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::OrderNotFound,
        codes: &[170139, 170142, 170143, 170190, 170213],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::PriceLimit,
        codes: &[
            170132, 170133, 170192, 170193, 170194, 170195, 170196, 170197, 170198, 170199, 170200, 170203,
            170204, 170218, 170371, 170372,
        ],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::InvalidParameter,
        codes: &[
            170105, 170115, 170116, 170117, 170121, 170124, 170130, 170134, 170136, 170137, 170140, 170145,
            170148, 170201, 170202, 170217, 170221, 170227, 170312, 170313, 170381, 170382,
        ],
    },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::Other,
        codes: &[
            170010, 170011, 170019, 170036, 170037, 170157, 170209, 170210, 170215, 170216, 170219, 170220,
            170223, 170224, 170226, 170230, 170241, 170341, 170344, 170348, 170355, 170358, 170359, 170709,
            170810,
        ],
    },
    Rule { effect: Effect::Exists, family: RefusalFamily::Duplicate, codes: &[170141] },
    Rule { effect: Effect::Unknown, family: RefusalFamily::RateLimit, codes: &[170005, 170222] },
    Rule {
        effect: Effect::Unknown,
        family: RefusalFamily::NotTrading,
        codes: &[170031, 170151, 170159, 170206],
    },
    Rule {
        effect: Effect::Unknown,
        family: RefusalFamily::Other,
        codes: &[
            170001, 170007, 170032, 170035, 170144, 170146, 170147, 170149, 170150, 170191, 170212, 170234,
            170310, 170311,
        ],
    },
];

/// Codes of spot margin.
pub(super) const SPOT_MARGIN: &[Rule] = &[
    Rule { effect: Effect::Nothing, family: RefusalFamily::InsufficientMargin, codes: &[176015, 176029] },
    Rule { effect: Effect::Nothing, family: RefusalFamily::OrderNotFound, codes: &[176020] },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::InvalidParameter,
        codes: &[176004, 176007, 176010, 176012, 176017, 176025, 176031, 176034, 176132],
    },
    Rule { effect: Effect::Nothing, family: RefusalFamily::PositionMode, codes: &[182021] },
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::Other,
        codes: &[
            176002, 176005, 176006, 176008, 176009, 176011, 176013, 176016, 176019, 176024, 176026, 176027,
            176028, 176035, 176036, 176037, 176038, 176040, 176133, 176138, 176139, 176201, 182104, 182106,
            182107,
        ],
    },
    Rule { effect: Effect::Exists, family: RefusalFamily::Duplicate, codes: &[176014, 176021] },
    Rule {
        effect: Effect::Unknown,
        family: RefusalFamily::NotTrading,
        codes: &[176018, 176022, 176023, 176134, 182105],
    },
    Rule {
        effect: Effect::Unknown,
        family: RefusalFamily::Other,
        codes: &[176003, 176030, 176039, 176135, 176136, 176137],
    },
];

/// Numbers from before V5 that clients still report, and 30087, which an introductory article names and
/// no V5 page does: all insufficient margin or close to it.
pub(super) const OLDER: &[Rule] = &[
    Rule {
        effect: Effect::Nothing,
        family: RefusalFamily::InsufficientMargin,
        codes: &[30031, 30042, 30049, 30067, 30087, 130021, 130080, 140004, 140007, 3200300],
    },
    Rule { effect: Effect::Nothing, family: RefusalFamily::OrderNotFound, codes: &[30034] },
    Rule { effect: Effect::Nothing, family: RefusalFamily::AlreadySo, codes: &[140043] },
    Rule { effect: Effect::Nothing, family: RefusalFamily::InvalidParameter, codes: &[3100116, 3100198] },
    Rule { effect: Effect::Nothing, family: RefusalFamily::Other, codes: &[10020] },
];
