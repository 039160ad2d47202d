"""The primes behind the RSA keys of the demonstration's certificate authority.

They were drawn once (`Random("kho-demo/key/…")`, tested for primality) and are kept because drawing
them takes seconds. They are public: whoever reads this can sign in the demonstration's name, so
nothing outside a demonstration may ever trust its root.
"""

PRIMES = {
    "ca": (
        "c2d1431d2d7237ea8633737e6a122a820a29ff52bf04550605cc1099d0476008"
        "317ef6dc97da31b3f58d97b002f1e39ecc23a28158fc125ee790d85c62401a05"
        "88d7f7f91fc263bf965522d1ad7d4b57cb69edf38b547aca33a20b59283cb08b"
        "2aa7bbe0896a45059cdbb2b3f73a4da7dca8446139802bbb2c69618d5b526281",
        "da5d5c24ecdb7cc9a0021c6d0b7f412750228ca0699c31ec36857d821a55486e"
        "e35c841febae06f2f9b090890c06febf0e723df089c3ca72c4563ca6ce9e2015"
        "0e6dda85e63956d6ead1764a244f781c612baba44e1bf897f2189886bfa631b9"
        "2d179377b580036619bae64938ee5cfd760cdd7b1291534e6f8236d080891063",
    ),
    "person": (
        "f249f5e722e36ab96751372f2303c504c2c585fa511578288a4202c179a50f9e"
        "b342eafe2411c892128d7a19f202061b58f80c9d0517cfb2b2da8742dd326c95"
        "8ae2bd6a732fbaeabbc094e37b520583f1a5bacfa16e52bfea731a0777b81baf"
        "13c405c5325ab2141c61ba686ab086b9ba5e661d0a05ee3d50b0f9fbf1085979",
        "d344a58564c9a8b12f7a5035dab02ad2e4a32f74cbed9137c80b0571d9861c8d"
        "779c0b7395a711162033329d2cf0adfd9ae7737d56f56934fea27ca08597ac14"
        "f146ba5d94bc90929fa2fd0f09da878cb9ab12b4541c4c7ceb2f4a955d0c25f1"
        "3783220cae95a4ff2af1e139cdb83fb7f45908bbf6203eb6919557a63611faa7",
    ),
    "office": (
        "e139013346ec595882072ea313866aa4d94ff04cd35a4c6aaa8198deaa0c3422"
        "489a736397b81f000b21b1ee570962b3503cf2a067e24f7d78bd00061ff636ce"
        "118ad5dfa15ba037bd9391bb77e415f0ed5d85bc0dfb28bec8b83ea65a83be6a"
        "9550757173b4e9471a6d0dd956150014d70c67b9cc27e31b000a290f6095b133",
        "c36833c4bb81c876a208c06b6baa0f77840c4e8b6b41d805b7f26785a4917c1e"
        "b1719c0d5aeaf279aa65e8527035a95261ec4e8c46aff24f14ce89929e36f749"
        "a3ed00faac075fff6717317395f8d123cbc7cfffb7dc37f825e0156b9c7238df"
        "12fea27b12eeecb252e7f5eaa347ad66ca073661ecd984a7f5d8961fcad8154d",
    ),
    "tsa": (
        "c07d81eb7ec8f1b25c44192084a25bedb90b193502139205314e0dca55357586"
        "54beb4072db04d972fa97140abf3cafdd31dbfdb4eafaf6c6e8eb05d99a87bfe"
        "f6f6560fd72710986bea1a86be90dcb9551dc3e9fbb8f33a5f8f3565284c8350"
        "9ede7e25af2718b045c887db9155696a830a78d4360db5795d6379615a6947a3",
        "e1db82d662060dfd368e7700bcc151c3f4ec9f6a6ef0ac176ccbcb55b997a5a3"
        "b36365ba9d89d3e0f0f670e5f20ce075a8727a7764197215cd000585304e3a20"
        "4176de273ba18c7f910bc83c47656e33c953c76399ec68263e8af0d9d501d852"
        "8b8efef6881f6695cb8d5d479bd7f1e05de073ff4f84e6dfb0b676f2dd59c06b",
    ),
}
"""For each key, its two primes of 1024 bits as hexadecimal digits."""
