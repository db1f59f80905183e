namespace Fairlead.Tests;

[SlowRun]
public sealed class PeerTests
{
    [Fact]
    public void ToString_shows_80_characters_of_a_command_line_and_Program_has_all()
    {
        string program = "java -cp " + new string('x', 4000);
        Peer peer = new() { ProcessId = 7, Program = program };
        Assert.Equal($"pid 7 ({program[..79]}…)", peer.ToString());
        Assert.Equal(program, peer.Program);
        Assert.Equal($"{program[..79]}…", new Peer { Program = program }.ToString());
        Assert.Equal($"pid 7 ({program[..80]})", (peer with { Program = program[..80] }).ToString());
    }

    [Fact]
    public void A_cut_keeps_pairs_of_surrogates_whole()
    {
        string program = new string('x', 78) + "😀" + new string('y', 10);
        Assert.Equal($"{program[..78]}…", new Peer { Program = program }.ToString());
    }

    [Fact]
    public void Certificate_process_address_or_user_identify_a_client_and_nothing_that_the_peer_claims()
    {
        Peer[][] clients =
        [
            [Certified("aa", "10.0.0.7:1"), Certified("aa", "10.0.0.8:1")],
            [Certified("bb", "10.0.0.7:1")],
            [new Peer { ProcessId = 7, UserId = 1, Program = "a" }, new Peer { ProcessId = 7, UserId = 1, LocalAddress = "@x" }],
            [new Peer { ProcessId = 7, UserId = 2 }],
            [new Peer { ProcessId = 7 }],
            [new Peer { RemoteAddress = "10.0.0.7:1" }, new Peer { RemoteAddress = "10.0.0.7:65535", Program = "b" }],
            [new Peer { RemoteAddress = "10.0.0.70:1" }],
            [new Peer { RemoteAddress = "[::1]:1" }, new Peer { RemoteAddress = "[::1]:2" }],
            [new Peer { RemoteAddress = "[::2]:1" }],
            [new Peer { UserId = 1 }, new Peer { UserId = 1, GroupId = 2 }],
            [new Peer { UserId = 2 }],
            [new Peer()],
            [new Peer { Program = "a" }],
            [new Peer { Program = "a" }],
        ];
        Dictionary<Peer, int> numbers = new(Peer.ClientComparer);
        foreach ((int number, Peer[] peers) in clients.Index())
        {
            Assert.All(peers, peer => Assert.Equal(number, numbers.TryAdd(peer, number) ? number : numbers[peer]));
        }

        Assert.Equal(clients.Length, numbers.Count);
        Assert.All(clients, static peers => Assert.All(peers, peer => Assert.True(Peer.ClientComparer.Equals(peers[0], peer))));
        Assert.False(Peer.ClientComparer.Equals(null, new Peer()));
    }

    private static Peer Certified(string fingerprint, string address) => new()
    {
        RemoteAddress = address,
        Certificate = new PeerCertificate
        {
            Name = "alice",
            Names = [],
            Subject = "CN=alice",
            Issuer = "CN=us",
            Fingerprint = fingerprint,
            ExpiresAt = DateTimeOffset.MaxValue,
        },
    };
}
