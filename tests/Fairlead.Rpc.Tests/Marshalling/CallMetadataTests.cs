using System.Globalization;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>The bounds of metadata at the caller, and what a server makes of bytes that exceed them.</summary>
public sealed class CallMetadataTests
{
    private static readonly RpcDescription Contract = RpcContracts.Of<IRelay>().Description;

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "more pairs than 64", [65, .. Enumerable.Range(0, 65).SelectMany(static i => Pair($"n{i}", ""))] },
        { "a name twice", [2, .. Pair("a", "1"), .. Pair("a", "2")] },
        { "an empty name", [1, .. Pair("", "1")] },
        { "a name with a blank", [1, .. Pair("a b", "1")] },
        { "no text", [1, 2, (byte)'a', 0] },
        { "fewer pairs than announced", [2, .. Pair("a", "1")] },
        { "bytes behind the last pair", [1, .. Pair("a", "1"), 7] },
        { "more than 8 KiB", [1, .. Pair("a", new string('x', RpcCallOptions.MaxMetadataBytes))] },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_server_refuses_malformed_metadata_and_continues(string what, byte[] metadata)
    {
        await using RpcServer server = await Rpc.ServeAsync<IRelay>(
            Places.New("unix"), new Relay(), new RpcServerOptions { KeepContext = true });
        await using Requester client = await Requester.ConnectAsync(server.Addresses[0]);
        for (int i = 0; i < 2; i++)
        {
            var refused = Assert.Throws<FairleadException>(() => client.Request(Frame(isOpen: i == 1, metadata)));
            Assert.True(refused.Code == ErrorCode.Corrupt, $"{what}: {refused}");
        }

        using Message reply = client.Request(Frame(isOpen: false, [1, .. Pair("tenant", "red")]));
        Assert.Equal((byte)ReplyStatus.Ok, reply.Span[0]);
    }

    [Fact]
    public async Task A_server_refuses_metadata_that_ends_before_its_length()
    {
        await using RpcServer server = await Rpc.ServeAsync<IRelay>(Places.New("unix"), new Relay());
        await using Requester client = await Requester.ConnectAsync(server.Addresses[0]);
        byte[] frame = Frame(isOpen: false, [1, .. Pair("a", "1")]);
        for (int length = Frames.CallHeader; length < Frames.CallHeader + 3; length++)
        {
            int cut = length;
            var refused = Assert.Throws<FairleadException>(() => client.Request(frame.AsSpan(0, cut)));
            Assert.Equal(ErrorCode.Corrupt, refused.Code);
        }
    }

    [Fact]
    public void Metadata_up_to_its_limits_is_accepted()
    {
        Dictionary<string, string> pairs = Enumerable.Range(0, RpcCallOptions.MaxMetadata)
            .ToDictionary(static i => $"n{i}", static i => i.ToString(CultureInfo.InvariantCulture));
        RpcCallOptions options = new() { Metadata = pairs };
        Assert.Equal(pairs, CallMetadata.Decode(options.Encoded.Span));

        // A count, the name with its length, and a length of two bytes.
        string longest = new('x', RpcCallOptions.MaxMetadataBytes - 1 - 2 - 2);
        Assert.Equal(RpcCallOptions.MaxMetadataBytes, new RpcCallOptions { Metadata = One("a", longest) }.Encoded.Length);
        Assert.Throws<ArgumentException>(() => new RpcCallOptions { Metadata = One("a", longest + "x") });
    }

    [Fact]
    public void Invalid_metadata_throws_at_the_caller()
    {
        Assert.Throws<ArgumentException>(
            static () => new RpcCallOptions { Metadata = Enumerable.Range(0, 65).ToDictionary(static i => $"n{i}", static _ => "") });
        foreach (string name in (string[])["", "a b", "é", "a\n", "a:b"])
        {
            Assert.Throws<ArgumentException>(() => new RpcCallOptions { Metadata = One(name, "1") });
        }

        Assert.Throws<ArgumentException>(static () => new RpcCallOptions { Metadata = One("a", "\ud800") });
        Assert.Throws<ArgumentNullException>(static () => new RpcCallOptions { Metadata = One("a", null!) });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new RpcCallOptions { Timeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new RpcCallOptions { Timeout = -2.Seconds() });
    }

    [Fact]
    public void A_later_change_of_the_pairs_does_not_change_the_options()
    {
        Dictionary<string, string> pairs = One("a", "1");
        RpcCallOptions options = new() { Metadata = pairs };
        pairs["a"] = "2";
        Assert.Equal("1", options.Metadata["a"]);
    }

    [Fact]
    public async Task A_server_of_a_former_version_refuses_metadata_and_executes_other_calls()
    {
        await using Responder former = await Responder.BindAsync(Address.Parse(Places.New("unix")));
        using CancellationTokenSource end = new();
        Task run = former.RunAsync(static (request, _) => AnswerLikeBefore(request), cancellationToken: end.Token);
        await using RpcClient<IRelay> client = await Rpc.ConnectAsync<IRelay>($"{former.Address}");
        using (new RpcCallOptions { Metadata = One("a", "1") }.Use())
        {
            List<FairleadException> refused =
            [
                Assert.Throws<FairleadException>(() => client.Service.Seen("a")),
                await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.SeenAsync("a")),
                await Assert.ThrowsAsync<FairleadException>(async () => await client.Service.SeenItemsAsync("a").ToListAsync()),
            ];
            Assert.All(
                refused, static one => Assert.Equal((ErrorCode.NotSupported, DeliveryStatus.NotDelivered), (one.Code, one.Delivery)));
        }

        using (new RpcCallOptions { Timeout = 60.Seconds() }.Use())
        {
            Assert.Equal("former", client.Service.Seen("a"));
        }

        await end.CancelAsync();
        await run.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private static ReadOnlyMemory<byte> AnswerLikeBefore(Request request)
    {
        switch ((FrameKind)request.Span[0])
        {
            case FrameKind.Hello:
                Replies.Describe(request, ReplyStatus.Ok, Contract);
                return default;
            case FrameKind.Call:
                return (byte[])[(byte)ReplyStatus.Ok, 7, .. "former"u8];
            case FrameKind.Pull:
                return (byte[])[(byte)ReplyStatus.Ok, 1, 0, 0, 0, 0];
            default:
                request.Fail(ErrorCode.Corrupt, "its first byte is not a kind of frame");
                return default;
        }
    }

    private static byte[] Frame(bool isOpen, ReadOnlySpan<byte> metadata)
    {
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            int member = Contract.Members.Select(static one => one.Name).ToList().IndexOf(isOpen ? "SeenItemsAsync" : "Seen");
            if (isOpen)
            {
                Frames.WriteOpen(ref call, (ushort)member, Contract.Hash, Guid.NewGuid(), metadata);
            }
            else
            {
                Frames.WriteCall(ref call, (ushort)member, Contract.Hash, metadata);
            }

            call.WriteString("tenant");
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    private static byte[] Pair(string name, string text)
    {
        RpcWriter pair = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            pair.WriteString(name);
            pair.WriteString(text);
            return pair.Written.ToArray();
        }
        finally
        {
            pair.Dispose();
        }
    }

    private static Dictionary<string, string> One(string name, string text) => new() { [name] = text };
}
