"""What a citizen says first, and what comes back, in three languages."""

import re

import pytest
from httpx2 import ASGITransport, AsyncClient

from service.conversations.commands import menu
from service.installation import Installation
from service.phrases import LANGUAGES
from tests.conftest import serving
from tests.journeys.citizen import Citizen

CODE = r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"

DIALOGUES = {
    "pt": [
        ("oi", "Olá! Conte o que está acontecendo"),
        ("falta água na minha rua", rf"Recebemos. Seu código é {CODE}"),
        ("desde segunda-feira", rf"Juntamos isso à sua mensagem {CODE}"),
        ("obrigado", "Nós que agradecemos"),
        ("/situacao", r"Você tem 1 pedido"),
        ("/ajuda", "Escreva livremente"),
        ("/seguir", "Você receberá avisos sobre: falta água"),
        ("/parar", "Não avisaremos mais sobre: falta água"),
        ("/idioma en", "All right, in English from now on"),
        ("help", "Write freely"),
    ],
    "es": [
        ("hola", "¡Hola! Cuente qué está pasando"),
        ("no hay agua en mi calle", rf"Recibido. Su código es {CODE}"),
        ("desde el lunes", rf"Lo añadimos a su mensaje {CODE}"),
        ("muchas gracias", "Gracias a usted"),
        ("/estado", r"Tiene 1 pedido"),
        ("/seguir", "Recibirá avisos sobre: no hay agua"),
        ("/dejar", "Ya no avisaremos sobre: no hay agua"),
        ("/privacidad", "Guardamos lo que escribió cifrado"),
        ("/mostrar", "Guardamos 9 mensajes suyos"),
        ("/ayuda", "Escriba libremente"),
    ],
    "en": [
        ("hello", "Hello! Tell us what is happening"),
        ("there is no water in my street", rf"Received. Your code is {CODE}"),
        ("since Monday", rf"We added this to your message {CODE}"),
        ("thanks", "Thank you for writing"),
        ("/status", r"You have 1 request"),
        ("/follow", "You will be told about: there is no water"),
        ("/unfollow", "We will not tell you any more about: there is no water"),
        ("/privacy", "We keep what you wrote encrypted"),
        ("/show", "We keep 9 messages of yours"),
        ("/nonsense", "I do not know that command"),
    ],
}


@pytest.mark.parametrize("lang", DIALOGUES)
async def test_a_conversation_runs_in_the_citizens_language(lang: str, client: AsyncClient) -> None:
    citizen = Citizen(client, lang)
    for said, expected in DIALOGUES[lang]:
        answer = await citizen.say(said)
        assert re.search(expected, answer), f"{said!r} was answered {answer!r}"


async def test_only_the_first_reply_carries_the_line_on_privacy(client: AsyncClient) -> None:
    citizen = Citizen(client, "en")
    assert "stored encrypted" in await citizen.say("hello")
    assert "stored encrypted" not in await citizen.say("there is no water in my street")


async def test_people_who_ask_the_same_are_told_how_many(client: AsyncClient) -> None:
    await Citizen(client).say("falta água na minha rua")
    second = await Citizen(client).say("falta água na minha rua!")
    assert "Mais 1 pessoa pergunta o mesmo" in second


async def test_personal_data_is_hidden_and_the_citizen_is_told(client: AsyncClient) -> None:
    citizen = Citizen(client)
    answer = await citizen.say("falta água na minha rua, meu cpf é 529.982.247-25")
    assert "Escondemos os dados pessoais" in answer
    assert "529.982.247-25" in await citizen.say("/mostrar"), "the original is the citizen's own"


async def test_a_citizen_sees_exports_and_erases_what_is_stored(client: AsyncClient) -> None:
    citizen = Citizen(client)
    await citizen.say("o ônibus 343 está sempre atrasado")
    assert "Guardamos o que você escreveu" in await citizen.say("/privacidade")
    assert "o ônibus 343" in await citizen.press("Ver meus dados")
    assert '"messages"' in await citizen.press("Levar meus dados")
    assert "Não dá para desfazer" in await citizen.say("/apagar")
    assert "Apagamos tudo" in await citizen.press("Sim, apagar tudo")
    assert "Não guardamos nada seu" not in await citizen.say("/mostrar"), (
        "the command itself is kept"
    )
    assert "Você ainda não tem pedidos" in await citizen.say("/situacao")


async def test_what_was_masked_leaves_a_mark_where_one_stands(client: AsyncClient) -> None:
    citizen = Citizen(client)
    await citizen.say("meu CPF é 529.982.247-25 e não acho meu protocolo")
    assert "meu CPF é … e não acho meu protocolo" in await citizen.say("/situacao")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_help_names_every_command_of_the_menu(lang: str, client: AsyncClient) -> None:
    (asked, _), *others = menu()[lang]
    told = await Citizen(client, lang).say(f"/{asked}")
    assert [one for one, _ in others if f"/{one}" not in told] == []


WISHES = [
    ("pt", "apaga isso por favor", "Não dá para desfazer"),
    ("es", "borre esto", "No se puede deshacer"),
    ("en", "please delete this", "It cannot be undone"),
    ("pt", "Isso é anônimo?", "sob um pseudônimo"),
    ("pt", "vocês sabem quem eu sou?", "sob um pseudônimo"),
    ("es", "¿Es anónimo?", "bajo un seudónimo"),
    ("en", "Who reads this?", "under a pseudonym"),
    ("en", "Can I speak to a person, please?", "A person reads every request"),
    ("es", "Por favor, quiero hablar con alguien", "Una persona lee cada pedido"),
    ("pt", "cadê minha resposta?", "Você ainda não tem pedidos"),
    ("en", "where is my answer?", "You have no requests yet"),
    ("pt", "Quero ver meus dados", "Guardamos 1 mensagem"),
    ("pt", "quais dados vocês têm de mim?", "Guardamos 1 mensagem"),
    ("es", "quiero saber qué datos tienen de mí", "Guardamos 1 mensaje"),
    ("en", "Show my data", "We keep 1 message"),
    ("en", "what data do you have about me?", "We keep 1 message"),
    ("pt", "quero levar meus dados", '"pseudonym"'),
    ("es", "exportar mis datos", '"pseudonym"'),
    ("en", "export my data", '"pseudonym"'),
    ("pt", "quero falar com uma pessoa", "Uma pessoa lê cada pedido"),
    ("pt", "e aí, quando vão resolver?", "Você ainda não tem pedidos"),
    ("pt", "quero apagar meus dados", "Não dá para desfazer"),
    ("pt", "mude para inglês", "in English from now on"),
    ("es", "quiero hablar con una persona", "Una persona lee cada pedido"),
    ("es", "borrar mis datos", "No se puede deshacer"),
    ("en", "talk to a human", "A person reads every request"),
    ("en", "any updates?", "You have no requests yet"),
    ("en", "7GDJ-F1HN-DE8R", "We do not find that code"),
]


@pytest.mark.parametrize(("lang", "said", "expected"), WISHES)
async def test_a_plain_wish_is_understood_and_is_no_request(
    lang: str, said: str, expected: str, client: AsyncClient
) -> None:
    assert expected in await Citizen(client, lang).say(said)


async def test_a_code_alone_shows_what_became_of_it_on_any_device(client: AsyncClient) -> None:
    code = re.search(CODE, await Citizen(client).say("falta água na minha rua"))
    assert code
    told = await Citizen(client).say(code.group().lower())
    assert "falta água na minha rua" in told
    assert "prevista até" in told


async def test_nonsense_is_answered_in_the_language_of_the_chat(client: AsyncClient) -> None:
    assert "Não entendemos" in await Citizen(client, "pt").say("asdfgh qwerty")


async def test_who_seems_in_danger_is_told_whom_to_call_first(
    installation: Installation,
) -> None:
    numbers = installation.settings.model_copy(update={"emergency": "192"})
    here = Installation(numbers, installation.database, installation.vault)
    async with serving(here) as app:
        client = AsyncClient(transport=ASGITransport(app), base_url="http://testserver")
        told = await Citizen(client).say("meu filho está desmaiado, preciso de ambulância")
        assert told.startswith("Se alguém corre perigo agora, ligue: 192.")
        assert "Seu código é" in told
        assert "192" not in await Citizen(client).say("falta água na minha rua")


async def test_who_seems_in_danger_is_told_to_call_also_where_no_number_is_set(
    client: AsyncClient,
) -> None:
    told = await Citizen(client).say("não aguento mais, penso em me matar")
    assert told.startswith("Se alguém corre perigo agora, ligue já")
    assert "Seu código é" in told


async def test_danger_that_adds_to_what_was_said_is_no_addition_like_others(
    client: AsyncClient,
) -> None:
    citizen = Citizen(client)
    assert "Seu código é" in await citizen.say("o posto da minha rua está fechado")
    told = await citizen.say("minha mãe desmaiou")
    assert told.startswith("Se alguém corre perigo agora")


async def test_nobody_in_danger_reads_how_many_say_the_same(client: AsyncClient) -> None:
    await Citizen(client).say("não quero mais viver")
    assert "pergunta" not in await Citizen(client).say("não quero mais viver")
