using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;

namespace Fairlead.Rpc.Tests.Contracts;

public enum Colour : byte
{
    Red = 1,
    Blue = 200,
}

public readonly record struct Point(int X, int Y);

public record Shape(string Name, Colour Colour, Point[] Corners, string? Note = null);

public sealed class Tree
{
    public required string Name { get; init; }

    public List<Tree> Children { get; set; } = [];

    public int Count => 1 + Children.Sum(static child => child.Count);
}

public sealed class Job
{
    [RpcMember(1)]
    public string Name { get; set; } = "unnamed";

    [RpcMember(3)]
    public int Priority { get; set; }
}

/// <summary>Returns values of each type that can be marshalled.</summary>
[RpcContract]
public interface IEchoes
{
    (bool Bool, byte Byte, sbyte SByte, short Short, ushort UShort, char Char) Small(
        (bool Bool, byte Byte, sbyte SByte, short Short, ushort UShort, char Char) value);

    (int Int, uint UInt, long Long, ulong ULong, Int128 Wide, UInt128 UWide, BigInteger Any) Integers(
        (int Int, uint UInt, long Long, ulong ULong, Int128 Wide, UInt128 UWide, BigInteger Any) value);

    (Half Half, float Float, double Double, decimal Decimal) Fractions((Half Half, float Float, double Double, decimal Decimal) value);

    (DateTime Time, DateTimeOffset Offset, DateOnly Day, TimeOnly Clock, TimeSpan Span, Guid Id) Times(
        (DateTime Time, DateTimeOffset Offset, DateOnly Day, TimeOnly Clock, TimeSpan Span, Guid Id) value);

    string Text(string value);

    string? TextOrNull(string? value);

    int? NumberOrNull(int? value);

    byte[] Bytes(byte[] value);

    ReadOnlyMemory<byte> Memory(ReadOnlyMemory<byte> value);

    ReadOnlySequence<byte> Sequence(ReadOnlySequence<byte> value);

    int[][] Jagged(int[][] value);

    List<string?> Lines(List<string?> value);

    HashSet<Colour> Colours(HashSet<Colour> value);

    IReadOnlyDictionary<string, Point> Map(IReadOnlyDictionary<string, Point> value);

    Shape Record(Shape value);

    Shape? RecordOrNull(Shape? value);

    Tree Recursive(Tree value);

    Job Growing(Job value);

    (Uri Uri, Version Version, IPAddress Address, IPEndPoint EndPoint) Names(
        (Uri Uri, Version Version, IPAddress Address, IPEndPoint EndPoint) value);

    Uri? UriOrNull(Uri? value);

    IEnumerable<int> Numbers(IEnumerable<int> value);

    IEnumerable<string?> Words(IEnumerable<string?> value);

    KeyValuePair<string, Point>[] Pairs(KeyValuePair<string, Point>[] value);

    ImmutableArray<Point> FixedArray(ImmutableArray<Point> value);

    ImmutableArray<string>? FixedArrayOrNull(ImmutableArray<string>? value);

    ImmutableList<int> FixedList(ImmutableList<int> value);

    IImmutableSet<string> FixedSet(IImmutableSet<string> value);

    ImmutableHashSet<Point> FixedPoints(ImmutableHashSet<Point> value);

    ImmutableDictionary<int, string?> FixedMap(ImmutableDictionary<int, string?> value);
}

internal sealed class Echoes : IEchoes
{
    public const string AskForNull = "null";

    public (bool Bool, byte Byte, sbyte SByte, short Short, ushort UShort, char Char) Small(
        (bool Bool, byte Byte, sbyte SByte, short Short, ushort UShort, char Char) value) => value;

    public (int Int, uint UInt, long Long, ulong ULong, Int128 Wide, UInt128 UWide, BigInteger Any) Integers(
        (int Int, uint UInt, long Long, ulong ULong, Int128 Wide, UInt128 UWide, BigInteger Any) value) => value;

    public (Half Half, float Float, double Double, decimal Decimal) Fractions(
        (Half Half, float Float, double Double, decimal Decimal) value) => value;

    public (DateTime Time, DateTimeOffset Offset, DateOnly Day, TimeOnly Clock, TimeSpan Span, Guid Id) Times(
        (DateTime Time, DateTimeOffset Offset, DateOnly Day, TimeOnly Clock, TimeSpan Span, Guid Id) value) => value;

    public string Text(string value) => value == AskForNull ? null! : value;

    public string? TextOrNull(string? value) => value;

    public int? NumberOrNull(int? value) => value;

    public byte[] Bytes(byte[] value) => value;

    public ReadOnlyMemory<byte> Memory(ReadOnlyMemory<byte> value) => value;

    public ReadOnlySequence<byte> Sequence(ReadOnlySequence<byte> value) => value;

    public int[][] Jagged(int[][] value) => value;

    public List<string?> Lines(List<string?> value) => value;

    public HashSet<Colour> Colours(HashSet<Colour> value) => value;

    public IReadOnlyDictionary<string, Point> Map(IReadOnlyDictionary<string, Point> value) => value;

    public Shape Record(Shape value) => value;

    public Shape? RecordOrNull(Shape? value) => value;

    public Tree Recursive(Tree value) => value;

    public Job Growing(Job value) => value;

    public (Uri Uri, Version Version, IPAddress Address, IPEndPoint EndPoint) Names(
        (Uri Uri, Version Version, IPAddress Address, IPEndPoint EndPoint) value) => value;

    public Uri? UriOrNull(Uri? value) => value;

    public IEnumerable<int> Numbers(IEnumerable<int> value) => value.Select(static one => one);

    public IEnumerable<string?> Words(IEnumerable<string?> value) => value.Select(static one => one);

    public KeyValuePair<string, Point>[] Pairs(KeyValuePair<string, Point>[] value) => value;

    public ImmutableArray<Point> FixedArray(ImmutableArray<Point> value) => value;

    public ImmutableArray<string>? FixedArrayOrNull(ImmutableArray<string>? value) => value;

    public ImmutableList<int> FixedList(ImmutableList<int> value) => value;

    public IImmutableSet<string> FixedSet(IImmutableSet<string> value) => value;

    public ImmutableHashSet<Point> FixedPoints(ImmutableHashSet<Point> value) => value;

    public ImmutableDictionary<int, string?> FixedMap(ImmutableDictionary<int, string?> value) => value;
}
