"""Words that made-up people, dates and places are put together from."""

from __future__ import annotations

from typing import Final

LATIN: Final = (
    "en_US en_GB en_IN en_US en_AU es_ES es_MX fr_FR de_DE it_IT pl_PL nl_NL pt_BR sv_SE tr_TR cs_CZ vi_VN id_ID hr_HR "
    "hu_HU ro_RO fi_FI da_DK no_NO en_IE fr_CA es_CO de_CH"
).split()
OTHER_SCRIPTS: Final = "zh_CN ja_JP ko_KR ru_RU el_GR hi_IN ar_AA".split()
ROMANISED: Final = (
    "Wei Xin Yan Mei Jun Hao Ling Xiaoming Yifan Zihan Minh Thanh Huong Anh Linh Duc Ji-woo Min-jun Seo-yeon Hyun "
    "Soo-jin "
    "Haruto Yui Sakura Kenji Ren Aoi Naoko Takumi Aarav Vivaan Priya Ananya Lakshmi Deepika Rajesh Sanjay Arjun Kavya "
    "Mohammed Ahmed Fatima Yusuf Aisha Omar Layla Hassan Noor Zainab Ibrahim Khalid Chidi Ngozi Oluwaseun Adaeze Kwame "
    "Akosua Thabo Nomvula Tendai Amina Wanjiru Kamau Abebe Tigist Leilani Kai Tane Aroha Sione Ivana Dragan Oksana "
    "Dmytro Aigerim Nursultan Giorgi Nino Yael Moshe Shira Avi Siobhan Niamh Eoghan Rhys Cerys"
).split()
ROMANISED_LAST: Final = (
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Lin Guo He Nguyen Tran Le Pham Hoang Vu Dang Bui "
    "Kim Lee Park Choi Jung Kang Cho Yoon Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Singh Kumar "
    "Sharma "
    "Patel Gupta Reddy Rao Iyer Nair Banerjee Mukherjee Chatterjee Das Khan Hussain Ali Malik Chaudhry Qureshi "
    "Al-Farsi "
    "al-Rashid Haddad Nasser Mansour Okafor Adeyemi Okonkwo Balogun Eze Mensah Boateng Owusu Ndlovu Dlamini Nkosi Moyo "
    "Otieno Mwangi Kiprop Tesfaye Bekele Kealoha Tuilagi Petrovic Jovanovic Kovalenko Shevchenko Nazarbayev Beridze "
    "Cohen "
    "Levi Mizrahi O'Brien O'Sullivan McCarthy MacDonald D'Angelo DeLuca van der Berg de la Cruz von Hagen St. John"
).replace("van der Berg de la Cruz von Hagen St. John", "").split() + [
    "van der Berg",
    "de la Cruz",
    "von Hagen",
    "St. John",
    "Garcia Marquez",
    "Smith-Jones",
    "Abd al-Rahman",
    "dos Santos",
]
MONTHS: Final = "January February March April May June July August September October November December".split()
DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
COUNTRIES: Final = (
    "United States;USA;Canada;Mexico;Germany;France;Spain;Italy;India;China;Japan;South Korea;Brazil;Nigeria;Kenya;"
    "Ghana;"
    "South Africa;Ireland;United Kingdom;UK;Poland;Ukraine;Turkey;Vietnam;Philippines;Egypt;Pakistan;Australia"
).split(";")
STATES: Final = (
    "Alabama AL;Alaska AK;Arizona AZ;Arkansas AR;California CA;Colorado CO;Connecticut CT;Florida FL;Georgia GA;"
    "Hawaii HI;"
    "Idaho ID;Illinois IL;Indiana IN;Iowa IA;Kansas KS;Kentucky KY;Maine ME;Maryland MD;Michigan MI;Minnesota MN;"
    "Nevada NV;"
    "New Jersey NJ;New Mexico NM;New York NY;Ohio OH;Oregon OR;Texas TX;Utah UT;Vermont VT;Virginia VA;Washington WA"
).split(";")
JOBS: Final = (
    "teacher;welder;truck driver;retired nurse;accountant;carpenter;software engineer;farmer;paralegal;bus driver;chef;"
    "firefighter;retired electrician;school principal;librarian;mail carrier;hairdresser;bank teller;plumber;pilot"
).split(";")
PEOPLES: Final = (
    "Nigerian Mexican Polish Vietnamese Somali Irish Turkish Indian Chinese Brazilian Syrian Haitian German French "
    "Korean"
).split()
