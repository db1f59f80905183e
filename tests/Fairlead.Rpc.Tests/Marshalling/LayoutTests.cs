using System.Runtime.CompilerServices;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>Values that are copied as they lie have the bytes of docs/rpc-format.md all the same.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly RpcServer _server = Rpc.Serve<ILayouts>($"inproc://rpc-{Guid.NewGuid():N}", new Layouts());
    private readonly RpcClient<ILayouts> _client;
    private readonly Requester _stranger;

    public LayoutTests()
    {
        _client = Rpc.Connect<ILayouts>($"{_server.Addresses[0]}");
        _stranger = Requester.Connect(_server.Addresses[0]);
    }

    private delegate void Writing(ref RpcWriter writer);

    private ILayouts Service => _client.Service;

    public void Dispose()
    {
        _client.Dispose();
        _stranger.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Values_are_returned_unchanged()
    {
        Vector[] vectors = [.. Enumerable.Range(0, 1000).Select(Make)];
        Assert.Equal(Make(3), Service.One(Make(3)));
        Assert.Equal(vectors, Service.Array(vectors));
        Assert.Equal(vectors, Service.List([.. vectors]));
        Assert.Equal(vectors, Service.Sequence(vectors));
        Assert.Equal(vectors, Service.Sequence([.. vectors.ToList()]));
        Assert.Equal([1.5, double.NaN, -0.0], Service.Doubles([1.5, double.NaN, -0.0]));
        Assert.Equal([Colour4.Blue, (Colour4)77], Service.Enums([Colour4.Blue, (Colour4)77]));
        Assert.Equal([], Service.Array([]));
        Assert.Equal([true, false], Service.Booleans([true, false]));
        Gap gap = Assert.Single(Service.Gaps([new Gap(1, -2, 3)]));
        Assert.Equal((1, -2, 3), (gap.First, gap.Second, gap.Third));
        Turned turned = Assert.Single(Service.Turns([new Turned(7) { First = 8 }]));
        Assert.Equal((8, 7), (turned.First, turned.Second));
        Outer outer = Assert.Single(Service.Nested([new Outer(Make(5), long.MinValue)]));
        Assert.Equal((Make(5), long.MinValue), (outer.Vector, outer.Number));
    }

    [Fact]
    public void A_copied_value_has_the_bytes_of_its_parts()
    {
        Assert.True(RpcWriter.Copies<Vector>(32));
        byte[] parts = Bytes(static (ref RpcWriter writer) => Write(ref writer, Make(3)));
        Assert.Equal(parts, Reply(nameof(ILayouts.One), static (ref RpcWriter writer) => Write(ref writer, Make(3))));
        Assert.Equal(
            Bytes(static (ref RpcWriter writer) => WriteTwo(ref writer)),
            Reply(nameof(ILayouts.Array), static (ref RpcWriter writer) => WriteTwo(ref writer)));
        Assert.Equal(
            Bytes(static (ref RpcWriter writer) => WriteTwo(ref writer)),
            Reply(nameof(ILayouts.Sequence), static (ref RpcWriter writer) => WriteTwo(ref writer)));
        Assert.Equal([2, 1, 0, 0xFE, 0xFF], Reply(nameof(ILayouts.Enums), static (ref RpcWriter writer) =>
        {
            writer.WriteCount(2);
            writer.WriteUInt16(1);
            writer.WriteUInt16(0xFFFE);
        }));
    }

    [Fact]
    public void Padding_in_memory_is_not_sent()
    {
        Assert.Equal(12, Unsafe.SizeOf<Gap>());
        Assert.Equal([1, 1, 0xFE, 0xFF, 0xFF, 0xFF, 3], Reply(nameof(ILayouts.Gaps), static (ref RpcWriter writer) =>
        {
            writer.WriteCount(1);
            writer.WriteByte(1);
            writer.WriteInt32(-2);
            writer.WriteByte(3);
        }));
    }

    /// <summary>Parts are in the order of the constructor, fields in that of the declaration.</summary>
    [Fact]
    public void Another_order_of_the_fields_does_not_matter() =>
        Assert.Equal([1, 7, 0, 0, 0, 8, 0, 0, 0], Reply(nameof(ILayouts.Turns), static (ref RpcWriter writer) =>
        {
            writer.WriteCount(1);
            writer.WriteInt32(7);
            writer.WriteInt32(8);
        }));

    /// <summary>The code of a type sees each value that is made, or a peer could make values that the type excludes.</summary>
    [Theory]
    [InlineData(nameof(ILayouts.Checks))]
    [InlineData(nameof(ILayouts.Clamps))]
    public void A_type_that_checks_its_values_is_constructed_by_its_own_code(string member) =>
        Assert.Equal([1, 100, 0, 0, 0], Reply(member, static (ref RpcWriter writer) =>
        {
            writer.WriteCount(1);
            writer.WriteInt32(1000);
        }));

    [Fact]
    public void An_invalid_boolean_is_refused()
    {
        var refused = Assert.Throws<FairleadException>(() => Reply(nameof(ILayouts.Booleans), static (ref RpcWriter writer) =>
        {
            writer.WriteCount(1);
            writer.WriteByte(2);
        }));
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public void A_count_above_the_available_elements_is_refused(int count)
    {
        var refused = Assert.Throws<FairleadException>(() => Reply(nameof(ILayouts.Array), (ref RpcWriter writer) =>
        {
            writer.WriteCount(count);
            writer.WriteUnmanaged(new Int128(1, 2));
        }));
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
    }

    private static Vector Make(int i) => new(i, -i, 0.5f * i, Colour4.Blue, (short)-i, long.MaxValue - i);

    private static void Write(ref RpcWriter writer, Vector value)
    {
        writer.WriteDouble(value.X);
        writer.WriteDouble(value.Y);
        writer.WriteSingle(value.Weight);
        writer.WriteUInt16((ushort)value.Colour);
        writer.WriteInt16(value.Left);
        writer.WriteInt64(value.Number);
    }

    private static void WriteTwo(ref RpcWriter writer)
    {
        writer.WriteCount(2);
        Write(ref writer, Make(1));
        Write(ref writer, Make(2));
    }

    private static byte[] Bytes(Writing write)
    {
        RpcWriter writer = new([]);
        write(ref writer);
        byte[] bytes = writer.Written.ToArray();
        writer.Dispose();
        return bytes;
    }

    // Behind the status.
    private byte[] Reply(string member, Writing write)
    {
        RpcWriter call = new([]);
        int number = _server.Description.Members.Select(static one => one.Name).ToList().IndexOf(member);
        Frames.WriteCall(ref call, (ushort)number, _server.Description.Hash);
        write(ref call);
        byte[] frame = call.Written.ToArray();
        call.Dispose();
        using Message reply = _stranger.Request(frame);
        Assert.Equal(0, reply.Span[0]);
        return reply.Span[1..].ToArray();
    }

    /// <summary>The hash is computed when it is first needed, which may be long after the description was made.</summary>
    [Fact]
    public void A_description_copies_its_members()
    {
        List<RpcMember> members = [new("Get", "int Get()", "()->i32")];
        RpcDescription expected = new("Numbers", [.. members]);
        RpcDescription made = new("Numbers", members);
        members.Clear();

        Assert.Single(made.Members);
        Assert.Equal(expected.Hash, made.Hash);
    }
}
