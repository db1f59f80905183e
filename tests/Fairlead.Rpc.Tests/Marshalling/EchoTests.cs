using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>Each type goes there and back as it is.</summary>
public sealed class EchoTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<IEchoes>($"inproc://rpc-{Guid.NewGuid():N}", new Echoes());
    private readonly RpcClient<IEchoes> _client;

    public EchoTests() => _client = Rpc.Connect<IEchoes>($"{_server.Addresses[0]}");

    private IEchoes Service => _client.Service;

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Numbers_are_returned_unchanged()
    {
        var small = (true, (byte)255, sbyte.MinValue, short.MinValue, ushort.MaxValue, '\uD800');
        Assert.Equal(small, Service.Small(small));
        var integers = (
            int.MinValue, uint.MaxValue, long.MinValue, ulong.MaxValue, Int128.MinValue, UInt128.MaxValue, BigInteger.Pow(-7, 501));
        Assert.Equal(integers, Service.Integers(integers));
        var fractions = (Half.NegativeInfinity, float.NaN, double.Epsilon, -1.2300m);
        Assert.Equal(fractions, Service.Fractions(fractions));
        Assert.Equal("-1.2300", Service.Fractions(fractions).Decimal.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(7, Service.NumberOrNull(7));
        Assert.Null(Service.NumberOrNull(null));
    }

    [Fact]
    public void Times_are_returned_unchanged()
    {
        var times = (
            new DateTime(2031, 2, 3, 4, 5, 6, DateTimeKind.Local),
            new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.FromMinutes(-570)),
            DateOnly.MaxValue,
            TimeOnly.MaxValue,
            TimeSpan.MinValue,
            Guid.NewGuid());
        Assert.Equal(times, Service.Times(times));
        Assert.Equal(DateTimeKind.Local, Service.Times(times).Time.Kind);
        Assert.Equal(times.Item2.Offset, Service.Times(times).Offset.Offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("an ä and a 😀")]
    public void Texts_are_returned_unchanged(string text)
    {
        Assert.Equal(text, Service.Text(text));
        string longer = new('ß', 100_000);
        Assert.Equal(longer, Service.TextOrNull(longer));
        Assert.Null(Service.TextOrNull(null));
    }

    [Fact]
    public void A_missing_argument_is_refused_before_it_is_sent()
    {
        Assert.Throws<ArgumentNullException>(() => Service.Text(null!));
        Assert.Throws<ArgumentNullException>(() => Service.Record(null!));
        Assert.Throws<ArgumentNullException>(() => Service.Record(new Shape(null!, Colour.Red, [])));
        Assert.Throws<ArgumentNullException>(() => Service.Bytes(null!));
        Assert.Throws<ArgumentNullException>(() => Service.Jagged([[1], null!]));
        Assert.Throws<ArgumentNullException>(() => Service.Map(null!));
        Assert.Equal("still there", Service.Text("still there"));
    }

    [Fact]
    public void A_result_that_is_missing_is_an_error_of_the_service()
    {
        var failed = Assert.Throws<RpcException>(() => Service.Text(Echoes.AskForNull));
        Assert.Equal("System.ArgumentNullException", failed.ServerType);
        Assert.Equal("still there", Service.Text("still there"));
    }

    [Fact]
    public void A_numbered_part_that_is_null_keeps_its_default()
    {
        Job job = Service.Growing(new Job { Name = null!, Priority = 9 });
        Assert.Equal(("unnamed", 9), (job.Name, job.Priority));
    }

    [Fact]
    public void Collections_are_returned_unchanged()
    {
        byte[] bytes = [.. Enumerable.Range(0, 300_000).Select(static i => (byte)i)];
        Assert.Equal(bytes, Service.Bytes(bytes));
        Assert.Equal(bytes, Service.Memory(bytes).ToArray());
        Assert.Equal(bytes, Service.Sequence(new ReadOnlySequence<byte>(bytes)).ToArray());
        Assert.Equal([[1, 2], [], [3]], Service.Jagged([[1, 2], [], [3]]));
        Assert.Equal(["a", null, ""], Service.Lines(["a", null, ""]));
        Assert.Equal([Colour.Red, Colour.Blue], Service.Colours([Colour.Red, Colour.Blue]).Order());
        Dictionary<string, Point> map = new() { ["a"] = new(1, 2), ["b"] = new(-1, int.MaxValue) };
        Assert.Equal(map, Service.Map(map));
    }

    [Fact]
    public void Records_and_classes_are_returned_unchanged()
    {
        Shape shape = new("square", Colour.Blue, [new(0, 0), new(1, 1)], "a note");
        Shape back = Service.Record(shape);
        Assert.Equal((shape.Name, shape.Colour, shape.Note), (back.Name, back.Colour, back.Note));
        Assert.Equal(shape.Corners, back.Corners);
        Assert.Null(Service.RecordOrNull(null));
        Assert.Equal("square", Service.RecordOrNull(shape)?.Name);
        Tree two = new() { Name = "two", Children = [new() { Name = "three" }] };
        Tree tree = new() { Name = "root", Children = [new() { Name = "one" }, two] };
        Assert.Equal((4, "three"), (Service.Recursive(tree).Count, Service.Recursive(tree).Children[1].Children[0].Name));
        Job job = Service.Growing(new Job { Name = "print", Priority = 9 });
        Assert.Equal(("print", 9), (job.Name, job.Priority));
    }

    [Fact]
    public void A_result_that_is_too_long_for_the_caller_ends_the_call_as_too_large()
    {
        using RpcClient<IEchoes> narrow = Rpc.Connect<IEchoes>($"{_server.Addresses[0]}?maxmessage=32KiB");
        byte[] value = new byte[100_000];
        var tooLong = Assert.Throws<FairleadException>(() => narrow.Service.Bytes(value));
        Assert.Equal(ErrorCode.TooLarge, tooLong.Code);
        Assert.Contains("32768", tooLong.Message, StringComparison.Ordinal);
        Assert.Equal("still there", narrow.Service.Text("still there"));
    }

    [Fact]
    public void A_value_that_contains_itself_is_refused()
    {
        Tree tree = new() { Name = "root" };
        tree.Children.Add(tree);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => Service.Recursive(tree)).Code);
        Assert.Equal("still there", Service.Text("still there"));
    }

    [Fact]
    public void Uris_versions_and_IP_addresses_are_returned_unchanged()
    {
        IPAddress scoped = new([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8], 3);
        Uri relative = new("a b/ü?x=%20#y", UriKind.Relative);
        (Uri Uri, Version Version, IPAddress Address, IPEndPoint EndPoint) names =
            (new("https://example.org/%7Ea?b#c"), new(1, 2, int.MaxValue, 4), scoped, new(scoped, 65535));
        Assert.Equal(names, Service.Names(names));
        Assert.Equal(names.Uri.OriginalString, Service.Names(names).Uri.OriginalString);
        names = (relative, new(3, 0), IPAddress.Parse("::ffff:10.0.0.1"), new(IPAddress.Loopback, 0));
        Assert.Equal(names, Service.Names(names));
        Assert.Equal(relative, Service.UriOrNull(relative));
        Assert.Null(Service.UriOrNull(null));
        Assert.Throws<ArgumentNullException>(() => Service.Names(names with { Version = null! }));
    }

    [Fact]
    public void Computed_sequences_are_returned_unchanged()
    {
        Assert.Equal([0, 1, 2], Service.Numbers(Enumerable.Range(0, 3)));
        Assert.Equal([3, 4], Service.Numbers([3, 4]));
        Assert.Equal(["a", null], Service.Words(new[] { "a", null }.Where(static _ => true)));
        Assert.Empty(Service.Words([]));
    }

    [Fact]
    public void Immutable_collections_are_returned_unchanged()
    {
        Point[] points = [new(1, 2), new(3, 4)];
        Assert.Equal(points, Service.FixedArray([.. points]).AsEnumerable());
        Assert.True(Service.FixedArray([]).IsEmpty);
        Assert.Throws<ArgumentNullException>(() => Service.FixedArray(default));
        Assert.Equal(["a", "b"], Service.FixedArrayOrNull(["a", "b"])!.Value.AsEnumerable());
        Assert.Null(Service.FixedArrayOrNull(null));
        Assert.Equal([1, 2, 1], Service.FixedList([1, 2, 1]));
        Assert.True(Service.FixedSet(ImmutableHashSet.Create("a", "b")).SetEquals(["b", "a"]));
        Assert.True(Service.FixedPoints([.. points]).SetEquals(points));
        ImmutableDictionary<int, string?> map = Service.FixedMap(ImmutableDictionary<int, string?>.Empty.Add(1, "one").Add(2, null));
        Assert.Equal(("one", null, 2), (map[1], map[2], map.Count));
        KeyValuePair<string, Point>[] pairs = [new("a", points[0]), new("a", points[1])];
        Assert.Equal(pairs, Service.Pairs(pairs));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused_at_the_sender()
    {
        Assert.All(["\ud800", "a\udc00b", "\udc00\ud800"], text =>
        {
            FairleadException refused = Assert.Throws<FairleadException>(() => Service.Text(text));
            Assert.Equal(ErrorCode.NotSupported, refused.Code);
            Assert.Contains("half of a surrogate pair", refused.Message, StringComparison.Ordinal);
        });
        Assert.Equal("\ud83d\ude00", Service.Text("\ud83d\ude00"));
    }
}
