"""What British departments are for, in our own words: the remits an installation would write."""

REMITS = {
    "Department for Environment, Food and Rural Affairs": (
        "Farming, food supply and fisheries. Animal welfare, pets, wildlife and hunting. Air "
        "and water quality, rivers, sewage and flooding. Waste, recycling, plastic and "
        "litter. Trees, forests, countryside and nature protection. Pesticides, bees and "
        "fireworks noise to animals."
    ),
    "Department for Business, Energy and Industrial Strategy": (
        "Energy supply, gas and electricity bills and price caps. Climate change targets, net "
        "zero, carbon emissions, renewable power, oil, coal and fracking. Business support, "
        "companies, shops and consumer rights. Employment rights, wages, bank holidays and "
        "working hours. Science, research and innovation. Post offices."
    ),
    "Department for Transport": (
        "Roads, motorways, speed limits and parking. Railways, trains, buses and fares. "
        "Driving tests, licences, MOT and vehicle standards. Cycling, walking and electric "
        "scooters. Aviation, airports and shipping. Petrol and electric cars."
    ),
    "HM Treasury": (
        "Taxes, VAT, fuel duty, stamp duty and national insurance. Public spending and the "
        "budget. Banks, insurance, currency and cash. Furlough and income support schemes. "
        "Public sector pay."
    ),
    "Department for Education": (
        "Schools, teachers and pupils. The curriculum and what children are taught. Exams, "
        "GCSE and A levels. School meals, uniforms and holidays. Universities, students and "
        "tuition fees. Childcare and nurseries."
    ),
    "Department of Health and Social Care": (
        "The NHS, hospitals, doctors and nurses. Vaccines, coronavirus and public health. "
        "Mental health, social care and care homes. Medicines, treatment, obesity, smoking "
        "and food labelling for health. Abortion and fertility."
    ),
    "Department for Levelling Up, Housing and Communities": (
        "Housing, homes, renting, landlords and homelessness. Planning permission, green belt "
        "and building rules, cladding. Councils, council tax and local government. "
        "Communities, faith and elections."
    ),
    "Cabinet Office": (
        "The constitution, elections, voting and referendums. The civil service and "
        "government procurement. Ministers' conduct, honours and public inquiries. Official "
        "ceremonies and the work across government."
    ),
    "Department for Digital, Culture, Media and Sport": (
        "Television, the BBC, licence fee, press and media. Internet, broadband, social media "
        "and online safety. Sport, football, gambling, museums, arts, music, heritage and "
        "charities. Tourism and theatres."
    ),
    "Home Office": (
        "Police, crime, drugs, knives and terrorism. Immigration, visas, asylum and "
        "passports. Fire services. Protest and public order. Animal testing licences."
    ),
    "Foreign, Commonwealth & Development Office": (
        "Relations with other countries, embassies and treaties. War, sanctions and human "
        "rights abroad. Foreign aid and development. British citizens overseas."
    ),
    "Department for Work and Pensions": (
        "State pension and pensioners. Universal credit, benefits, disability and carers' "
        "allowance. Winter fuel payments. Unemployment, job centres and child maintenance. "
        "Health and safety at work."
    ),
    "Ministry of Justice": (
        "Courts, judges, sentencing and prisons. Criminal, civil and family law. Penalties "
        "for offences, victims and human rights law. Marriage and divorce law, wills and "
        "probate."
    ),
    "Department for International Trade": (
        "Trade agreements, imports and exports with other countries. Tariffs, arms export "
        "licences and foreign investment."
    ),
    "Ministry of Defence": (
        "Army, navy and air force. Veterans, soldiers and military service. Weapons, nuclear "
        "deterrent and military bases and operations."
    ),
    "Office of the Leader of the House of Commons": (
        "Parliament's business, debates, MPs' conduct, pay and votes in the House of Commons."
    ),
    "Office of the Secretary of State for Wales": (
        "Wales, the Welsh government and its relations with the United Kingdom."
    ),
}
