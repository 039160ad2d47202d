"""What the sample dossiers are about: one `Theme` per kind of business of a province's offices.

A theme is data only: the matter as it stands in titles and abstracts (trích yếu), the years in
which its legal grounds were in force, the facts its documents quote. `wording` makes sentences of
it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """One kind of business. `{object}` and `{place}` are filled by the plan, once per dossier."""

    key: str
    fonds: str
    dossier: str
    """The matter in the dossier's title, after "Hồ sơ"."""
    matter: str
    """The matter in the documents' abstracts, lower case."""
    objects: tuple[str, ...]
    keywords: str
    first_year: int
    last_year: int
    facts: tuple[str, ...]
    """Sentences with `{a}`, `{b}` (numbers drawn per document), `{object}`, `{place}`."""
    tasks: tuple[str, ...]
    district_wide: bool = False
    conditional: bool = False


_LAND_FACTS = (
    (
        "Khu đất có tổng diện tích {a} m², thuộc các tờ bản đồ địa chính số 12 và số 15, đã được "
        "trích đo địa chính và niêm yết công khai tại trụ sở Ủy ban nhân dân xã."
    ),
    (
        "Phạm vi thu hồi liên quan đến {b} hộ gia đình, cá nhân đang sử dụng đất; đến nay các "
        "hộ đã "
        "thống nhất phương án bồi thường, hỗ trợ và tái định cư, không có đơn thư khiếu nại."
    ),
    (
        "Việc sử dụng khu đất phù hợp với quy hoạch, kế hoạch sử dụng đất đã được cấp có thẩm "
        "quyền "
        "phê duyệt; ranh giới, mốc giới được xác định trên thực địa và có biên bản bàn giao."
    ),
    (
        "Chủ sử dụng đất có trách nhiệm sử dụng đất đúng mục đích, đúng ranh giới, thực hiện "
        "đầy đủ "
        "nghĩa vụ tài chính về đất đai theo quy định của pháp luật."
    ),
)
_LAND_TASKS = (
    "Chỉnh lý hồ sơ địa chính, cập nhật biến động vào cơ sở dữ liệu đất đai",
    "Bàn giao mốc giới và diện tích đất trên thực địa cho đơn vị sử dụng",
    "Xác định giá đất cụ thể và nghĩa vụ tài chính phải nộp",
    "Theo dõi, kiểm tra việc sử dụng đất sau khi được giao",
)

THEMES = {
    theme.key: theme
    for theme in (
        Theme(
            "land",
            "P_STNMT",
            "ban hành quyết định về đất đai: thu hồi đất, giao đất thực hiện dự án {object} "
            "tại {place}, tỉnh Hà Tĩnh",
            "thu hồi đất, giao đất để thực hiện dự án {object} tại {place}",
            (
                "khu tái định cư tập trung",
                "trường mầm non trung tâm",
                "đường giao thông liên xã",
                "khu dân cư nông thôn mới",
                "nhà văn hóa cộng đồng kết hợp tránh lũ",
                "hồ chứa nước phục vụ sản xuất",
            ),
            "đất đai; thu hồi đất; giao đất",
            2005,
            2024,
            _LAND_FACTS,
            _LAND_TASKS,
        ),
        Theme(
            "land-plan",
            "P_STNMT",
            "lập, điều chỉnh {object} huyện {district}",
            "lập, điều chỉnh {object} huyện {district}",
            (
                "quy hoạch sử dụng đất cấp huyện",
                "kế hoạch sử dụng đất hằng năm",
                "bản đồ hiện trạng sử dụng đất",
            ),
            "đất đai; quy hoạch sử dụng đất",
            2005,
            2024,
            (
                (
                    "Tổng diện tích tự nhiên của huyện được thống kê là {a} ha, trong đó nhóm đất "
                    "nông nghiệp chiếm tỷ lệ lớn nhất, phân bố chủ yếu ở vùng đồng bằng."
                ),
                (
                    "Trong kỳ có {b} công trình, dự án đăng ký nhu cầu sử dụng đất; các công trình "
                    "được rà soát về vị trí, diện tích và khả năng bố trí vốn."
                ),
                (
                    "Chỉ tiêu sử dụng đất được cân đối theo từng đơn vị hành chính cấp xã, ưu tiên "
                    "quỹ đất cho hạ tầng thiết yếu và giữ ổn định diện tích đất trồng lúa."
                ),
            ),
            _LAND_TASKS,
            district_wide=True,
        ),
        Theme(
            "environment",
            "P_STNMT",
            "thẩm định báo cáo đánh giá tác động môi trường và kiểm tra dự án {object} tại {place}",
            "bảo vệ môi trường của dự án {object} tại {place}",
            (
                "nhà máy chế biến thủy sản",
                "khai thác mỏ đá xây dựng",
                "trang trại chăn nuôi lợn tập trung",
                "khu xử lý chất thải rắn sinh hoạt",
            ),
            "môi trường; đánh giá tác động môi trường",
            2006,
            2024,
            (
                (
                    "Lưu lượng nước thải phát sinh khoảng {b} m³/ngày đêm, được thu gom về hệ "
                    "thống "
                    "xử lý trước khi xả ra nguồn tiếp nhận."
                ),
                (
                    "Khu vực thực hiện dự án có diện tích {a} m², cách khu dân cư gần nhất trên "
                    "500 m về phía hạ lưu; hiện trạng chủ yếu là đất trồng cây hằng năm."
                ),
                (
                    "Kết quả lấy mẫu cho thấy các thông số quan trắc nằm trong giới hạn cho "
                    "phép của "
                    "quy chuẩn kỹ thuật quốc gia về môi trường."
                ),
            ),
            (
                "Vận hành công trình xử lý chất thải đúng thiết kế đã được thẩm định",
                "Thực hiện quan trắc môi trường định kỳ và báo cáo theo quy định",
                "Kiểm tra, giám sát việc thực hiện các nội dung đã cam kết",
            ),
        ),
        Theme(
            "new-countryside",
            "P_UBND",
            "thực hiện Chương trình mục tiêu quốc gia {object} trên địa bàn tỉnh Hà Tĩnh",
            "thực hiện Chương trình mục tiêu quốc gia {object} tại {place}",
            ("xây dựng nông thôn mới",),
            "nông thôn mới; chương trình mục tiêu quốc gia",
            2012,
            2024,
            (
                (
                    "Đến thời điểm báo cáo, xã đã huy động được {a} triệu đồng từ các nguồn vốn để "
                    "đầu tư kết cấu hạ tầng, trong đó nhân dân đóng góp trên 20%."
                ),
                (
                    "Toàn xã đã cứng hóa {b} km đường trục thôn, xóm và kênh mương nội đồng; cảnh "
                    "quan, môi trường nông thôn có nhiều chuyển biến."
                ),
                (
                    "Các khu dân cư đạt chuẩn kiểu mẫu, vườn mẫu được kiểm tra, đánh giá theo "
                    "bộ tiêu "
                    "chí của tỉnh, bảo đảm công khai, đúng trình tự."
                ),
            ),
            (
                "Rà soát, đánh giá mức độ đạt chuẩn của từng tiêu chí",
                "Huy động, lồng ghép các nguồn vốn, không để nợ đọng xây dựng cơ bản",
                "Phát triển sản phẩm chủ lực gắn với mỗi xã một sản phẩm",
                "Tuyên truyền, vận động nhân dân tham gia xây dựng khu dân cư kiểu mẫu",
            ),
        ),
        Theme(
            "flood",
            "P_UBND",
            "chỉ đạo {object} tại huyện {district}, tỉnh Hà Tĩnh",
            "{object} tại {place}",
            (
                "khắc phục hậu quả mưa lũ",
                "ứng phó với bão và ngập lụt",
                "phòng, chống lụt, bão và tìm kiếm cứu nạn",
            ),
            "thiên tai; mưa lũ; khắc phục hậu quả",
            1993,
            2024,
            (
                (
                    "Mưa lớn kéo dài từ ngày 14 đến ngày 18 đã làm {b} hộ dân bị ngập, nhiều tuyến "
                    "đường giao thông bị chia cắt, sản xuất và đời sống gặp nhiều khó khăn."
                ),
                (
                    "Tổng thiệt hại ước tính khoảng {a} triệu đồng; diện tích lúa và hoa màu "
                    "bị ngập "
                    "úng tập trung ở các thôn ven sông."
                ),
                (
                    "Lực lượng tại chỗ đã di dời các hộ ở vùng trũng thấp đến nơi an toàn, tổ chức "
                    "cấp phát lương thực, thuốc men và nước sạch cho nhân dân."
                ),
            ),
            (
                "Thống kê thiệt hại, cứu trợ kịp thời, không để người dân bị đói, rét",
                "Sửa chữa tạm các tuyến đường, kênh mương và công trình thủy lợi bị hư hỏng",
                "Vệ sinh môi trường, phòng, chống dịch bệnh sau lũ",
                "Chuẩn bị giống, vật tư để khôi phục sản xuất vụ tới",
            ),
        ),
        Theme(
            "works",
            "P_UBND",
            "đầu tư xây dựng công trình {object} tại {place}",
            "đầu tư xây dựng công trình {object} tại {place}",
            (
                "nâng cấp tuyến đê biển",
                "cầu qua sông và đường hai đầu cầu",
                "trạm bơm và kênh tưới nội đồng",
                "trường trung học cơ sở",
                "trạm y tế xã",
            ),
            "đầu tư; xây dựng công trình",
            1994,
            2024,
            (
                (
                    "Tổng mức đầu tư của công trình là {a} triệu đồng, thực hiện từ nguồn ngân "
                    "sách "
                    "tỉnh và các nguồn vốn hợp pháp khác, tiến độ không quá {b} tháng."
                ),
                (
                    "Hồ sơ thiết kế, dự toán đã được cơ quan chuyên môn thẩm định; giải pháp "
                    "kỹ thuật "
                    "phù hợp với điều kiện địa hình, địa chất, thủy văn của khu vực."
                ),
                (
                    "Sau khi hoàn thành, công trình được bàn giao cho địa phương quản lý, khai "
                    "thác và "
                    "bảo trì theo đúng quy trình đã được duyệt."
                ),
            ),
            (
                "Tổ chức lựa chọn nhà thầu, quản lý chất lượng, tiến độ và giá thành công trình",
                "Bố trí vốn theo kế hoạch được giao, thanh toán đúng khối lượng hoàn thành",
                "Bồi thường, giải phóng mặt bằng và bàn giao mặt bằng sạch cho nhà thầu",
            ),
        ),
        Theme(
            "complaint",
            "P_UBND",
            "giải quyết khiếu nại về đất đai liên quan đến {object} tại {place}",
            "giải quyết khiếu nại liên quan đến {object} tại {place}",
            (
                "việc bồi thường khi thu hồi đất",
                "ranh giới sử dụng đất giữa hai thôn",
                "việc cấp giấy chứng nhận quyền sử dụng đất",
            ),
            "khiếu nại; đất đai; thanh tra",
            1999,
            2024,
            (
                (
                    "Thửa đất có diện tích {a} m² được các bên sử dụng ổn định từ trước ngày "
                    "15 tháng 10 năm 1993, không có tranh chấp về mốc giới với các hộ liền kề."
                ),
                (
                    "Đoàn xác minh đã làm việc với {b} người có quyền lợi, nghĩa vụ liên quan, "
                    "lập biên "
                    "bản từng buổi và thu thập bản sao hồ sơ địa chính qua các thời kỳ."
                ),
                (
                    "Nội dung khiếu nại được đối thoại trực tiếp, công khai, có sự tham gia "
                    "của đại "
                    "diện Mặt trận Tổ quốc và các đoàn thể của địa phương."
                ),
            ),
            (
                "Thu thập, đánh giá chứng cứ; xác định nguồn gốc và quá trình sử dụng đất",
                "Tổ chức đối thoại với người khiếu nại và người bị khiếu nại",
                "Công khai quyết định giải quyết và theo dõi việc thi hành",
            ),
            conditional=True,
        ),
        Theme(
            "recruitment",
            "P_SNV",
            "tuyển dụng {object} của huyện {district}",
            "tuyển dụng {object} của huyện {district}",
            ("viên chức ngành giáo dục", "công chức cấp xã", "viên chức ngành y tế"),
            "tuyển dụng; công chức; viên chức",
            2008,
            2024,
            (
                (
                    "Số chỉ tiêu được phê duyệt là {b} người, phân bổ theo vị trí việc làm và "
                    "nhu cầu "
                    "của từng đơn vị; hồ sơ dự tuyển được tiếp nhận trong thời hạn 30 ngày."
                ),
                (
                    "Hội đồng tuyển dụng làm việc theo nguyên tắc tập thể, công khai, khách "
                    "quan; kết "
                    "quả từng vòng được niêm yết và thông báo đến người dự tuyển."
                ),
                (
                    "Danh sách người đủ điều kiện dự tuyển, kết quả điểm và văn bằng, chứng "
                    "chỉ kèm "
                    "theo được kiểm tra, đối chiếu với bản gốc."
                ),
            ),
            (
                "Thành lập Hội đồng, Ban đề thi, Ban coi thi, Ban chấm thi và Ban phúc khảo",
                "Thông báo công khai tiêu chuẩn, điều kiện và thời gian tổ chức",
                "Ra quyết định tuyển dụng và bố trí công tác cho người trúng tuyển",
            ),
            district_wide=True,
            conditional=True,
        ),
        Theme(
            "reward",
            "P_SNV",
            "khen thưởng {object} trên địa bàn huyện {district}",
            "khen thưởng {object} trên địa bàn huyện {district}",
            (
                "tập thể, cá nhân có thành tích trong phong trào thi đua yêu nước",
                "tập thể, cá nhân có thành tích trong công tác phòng, chống thiên tai",
                "gia đình văn hóa tiêu biểu",
            ),
            "thi đua; khen thưởng",
            2005,
            2024,
            (
                (
                    "Hội đồng Thi đua - Khen thưởng đã xét {b} hồ sơ của các tập thể, cá nhân; "
                    "các trường hợp đề nghị đều đạt tỷ lệ phiếu theo quy định."
                ),
                (
                    "Kèm theo quyết định, mức tiền thưởng tổng cộng là {a} nghìn đồng, trích "
                    "từ Quỹ "
                    "Thi đua - Khen thưởng của tỉnh."
                ),
                (
                    "Thành tích của các tập thể, cá nhân được xác nhận của cơ quan quản lý "
                    "trực tiếp và "
                    "được lấy ý kiến công khai trên cổng thông tin điện tử."
                ),
            ),
            (
                "Bình xét từ cơ sở, bảo đảm chính xác, công khai, công bằng",
                "Tổ chức trao tặng trang trọng, tiết kiệm",
                "Tuyên truyền, nhân rộng điển hình tiên tiến",
            ),
            district_wide=True,
        ),
        Theme(
            "reform",
            "P_SNV",
            "{object} của tỉnh Hà Tĩnh",
            "{object} tại huyện {district}",
            (
                "cải cách hành chính",
                "số hóa, chỉnh lý tài liệu lưu trữ",
                "kiểm tra công tác văn thư, lưu trữ",
            ),
            "cải cách hành chính; văn thư, lưu trữ",
            2006,
            2024,
            (
                (
                    "Trong kỳ đã tiếp nhận và giải quyết {a} hồ sơ thủ tục hành chính, tỷ lệ "
                    "giải quyết "
                    "trước hạn và đúng hạn đạt trên 99%."
                ),
                (
                    "Tổng số tài liệu đã chỉnh lý là {b} mét giá; các hồ sơ có giá trị vĩnh "
                    "viễn được "
                    "lập mục lục để giao nộp vào Lưu trữ lịch sử tỉnh."
                ),
                (
                    "Việc lập hồ sơ công việc và nộp lưu hồ sơ vào lưu trữ hiện hành được các "
                    "phòng, "
                    "đơn vị thực hiện nền nếp hơn so với cùng kỳ năm trước."
                ),
            ),
            (
                "Công khai, đơn giản hóa thủ tục hành chính tại bộ phận một cửa",
                "Lập và giao nộp hồ sơ điện tử vào lưu trữ đúng thời hạn",
                "Bồi dưỡng nghiệp vụ cho công chức, viên chức làm công tác văn thư, lưu trữ",
            ),
            district_wide=True,
        ),
        Theme(
            "merger",
            "P_SNV",
            "{object} tại huyện {district}",
            "{object} tại huyện {district}",
            (
                "sắp xếp, sáp nhập thôn, tổ dân phố",
                "điều chỉnh địa giới hành chính cấp xã",
                "thành lập các tổ chức hội quần chúng",
            ),
            "tổ chức bộ máy; địa giới hành chính",
            2004,
            2024,
            (
                (
                    "Sau khi sắp xếp, toàn huyện giảm {b} thôn, tổ dân phố; quy mô số hộ của "
                    "các thôn "
                    "mới đều đạt tiêu chuẩn theo quy định."
                ),
                (
                    "Phương án đã được lấy ý kiến cử tri đại diện hộ gia đình, với {a} cử tri "
                    "tham gia, "
                    "tỷ lệ tán thành đạt trên 90%."
                ),
                (
                    "Hội đồng nhân dân cấp xã, cấp huyện đã thông qua chủ trương tại kỳ họp; "
                    "hồ sơ đề "
                    "án đầy đủ thành phần theo hướng dẫn."
                ),
            ),
            (
                "Lấy ý kiến cử tri và hoàn thiện đề án trình cấp có thẩm quyền",
                "Kiện toàn các chức danh ở thôn, tổ dân phố sau sắp xếp",
                "Bàn giao hồ sơ, tài sản và giải quyết chế độ cho người thôi đảm nhiệm",
            ),
            district_wide=True,
        ),
    )
}
