//! The texts of the start page, in English and Chinese.

use crate::domain::language::Language;

pub struct Texts {
    pub code: &'static str,
    pub other: (&'static str, &'static str, &'static str),
    pub about: &'static str,
    pub playground: (&'static str, &'static str),
    pub admin_playground: (&'static str, &'static str),
    pub ops: (&'static str, &'static str),
    pub schema: (&'static str, &'static str),
    pub users: &'static str,
    pub users_about: &'static str,
    pub api_key: (&'static str, &'static str),
    pub copy: &'static str,
    pub copied: &'static str,
    pub first_query: &'static str,
    pub endpoints: &'static str,
    pub graphql: &'static str,
    pub admin: &'static str,
    pub legacy: &'static str,
    pub ready: &'static str,
    pub limits: &'static str,
    pub endpoint_title: &'static str,
    pub endpoint_about: &'static str,
    pub playground_off: &'static str,
    pub home: &'static str,
}

pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    }
}

const ENGLISH: Texts = Texts {
    code: "en",
    other: ("?lang=zh", "zh-CN", "中文"),
    about: "Rewards service of a chat community: awards, daily sign-ins, invitations, words and reservations, behind a GraphQL API.",
    playground: ("Playground", "Try the customer API in the browser. Start here."),
    admin_playground: ("Admin playground", "The API for the host application and operators."),
    ops: ("Ops page", "Jobs, business days and books."),
    schema: ("Schema", "The customer API as text, for clients and tools."),
    users: "Demo users",
    users_about: "Session keys for `Authorization: Bearer <key>`. They are public and valid only in this demo.",
    api_key: ("API key", "for the admin API and the ops page"),
    copy: "Copy",
    copied: "Copied",
    first_query: "A first query",
    endpoints: "Endpoints",
    graphql: "customer API: GraphQL by POST, live updates by SSE or WebSocket",
    admin: "admin API, with an API key",
    legacy: "methods for legacy clients",
    ready: "readiness of this process",
    limits: "limits of each API, as JSON",
    endpoint_title: "GraphQL endpoint",
    endpoint_about: "This address accepts GraphQL requests: send a query by POST as JSON, with Content-Type: application/json.",
    playground_off: "The playground is off on this server. To explore the API in a browser, start newbee with --playground on.",
    home: "Start page",
};

const CHINESE: Texts = Texts {
    code: "zh-CN",
    other: ("?lang=en", "en", "English"),
    about: "聊天社区的奖励服务：奖励、每日签到、邀请、口令和预约，通过 GraphQL API 提供。",
    playground: ("Playground", "在浏览器中试用用户 API，从这里开始。"),
    admin_playground: ("管理 playground", "供宿主应用和运维使用的 API。"),
    ops: ("运维页面", "定时任务、业务日和账目。"),
    schema: ("Schema", "用户 API 的文本描述，供客户端和工具使用。"),
    users: "演示用户",
    users_about: "会话密钥，用于 `Authorization: Bearer <key>`。它们是公开的，仅在此演示中有效。",
    api_key: ("API 密钥", "用于管理 API 和运维页面"),
    copy: "复制",
    copied: "已复制",
    first_query: "第一个查询",
    endpoints: "接口地址",
    graphql: "用户 API：以 POST 发送 GraphQL，实时更新使用 SSE 或 WebSocket",
    admin: "管理 API，需要 API 密钥",
    legacy: "旧客户端的方法",
    ready: "此进程能否提供服务",
    limits: "各 API 的限制（JSON）",
    endpoint_title: "GraphQL 接口",
    endpoint_about: "此地址接收 GraphQL 请求：请以 POST 发送 JSON，并设置 Content-Type: application/json。",
    playground_off: "此服务器未开启 playground。如需在浏览器中试用 API，请用 --playground on 启动 newbee。",
    home: "首页",
};
