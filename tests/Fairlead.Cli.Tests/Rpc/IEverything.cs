using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>A contract with a value of each kind, &amp; more: &lt;all&gt;.</summary>
[RpcContract]
public interface IEverything
{
    ValueTask<Everything> EchoAsync(Everything value, CancellationToken cancellationToken = default);

    /// <summary>Pages of two kinds.</summary>
#pragma warning disable CA1716 // A keyword is a name, too.
    Page<Line> Lines(Page<Line> page, Page<Page<string?>> pages, int @event = 3);
#pragma warning restore CA1716

    Figure Turn(Figure figure, IMark? mark, Animal[] animals);

    [Idempotent]
    Growing Grow(Growing? value);

    [OneWay]
    void Note(Dictionary<(int Row, string Column), ImmutableArray<Grade>> cells);

    IAsyncEnumerable<Tree> WalkAsync(IAsyncEnumerable<KeyValuePair<int, Tree>> trees, CancellationToken cancellationToken = default);

    ValueTask<Stream> CopyAsync(Stream source, CancellationToken cancellationToken = default);

    ValueTask WatchAsync([DuringCall] IReader reader, IReader? other, CancellationToken cancellationToken = default);
}

public sealed record Everything(
    bool Flag, byte U8, sbyte I8, short I16, ushort U16, int I32, uint U32, long I64, ulong U64, Int128 Huge, UInt128 UHuge,
    char Letter, Half F16, float F32, double F64, decimal Money, BigInteger Big, string Text, string? TextOrNull, Uri Uri,
    Version Version, IPAddress Address, IPEndPoint EndPoint, Guid Id, DateTime Time, DateTimeOffset Offset, DateOnly Date, TimeOnly OfDay,
    TimeSpan Span, byte[] Bytes, ReadOnlyMemory<byte> Memory, int? Nullable, List<int> List, HashSet<string> Set, Grade? Grade,
    Dictionary<string, decimal> Prices, (int A, string? B) Tuple, Point Point, Access Access);

public readonly record struct Point(int X, int Y);

public sealed record Page<T>(int Number, T[] Items);

/// <summary>A drawing.</summary>
[RpcUnion(1, typeof(Circle)), RpcUnion(2, typeof(Group))]
public abstract record Figure;

public sealed record Circle(double Radius) : Figure, IMark;

public sealed record Group(Figure[] Figures) : Figure;

[RpcUnion(4, typeof(Circle)), RpcUnion(7, typeof(Dot))]
public interface IMark;

public readonly record struct Dot(int At) : IMark;

[RpcUnion(1, typeof(Animal)), RpcUnion(2, typeof(Dog))]
public record Animal(string Name);

public sealed record Dog(string Name, int Age) : Animal(Name);

public sealed class Growing
{
    [RpcMember(1)]
    public string Name { get; init; } = "";

    [RpcMember(3)]
    public int? Count { get; init; }
}

public sealed record Tree(string Name, Tree? Left, List<Tree> Others);

internal sealed class EverythingService : IEverything
{
    public ValueTask<Everything> EchoAsync(Everything value, CancellationToken cancellationToken) => new(value);

    public Page<Line> Lines(Page<Line> page, Page<Page<string?>> pages, int @event) => page;

    public Figure Turn(Figure figure, IMark? mark, Animal[] animals) => figure;

    public Growing Grow(Growing? value) => value ?? new Growing();

    public void Note(Dictionary<(int Row, string Column), ImmutableArray<Grade>> cells)
    {
    }

    public IAsyncEnumerable<Tree> WalkAsync(IAsyncEnumerable<KeyValuePair<int, Tree>> trees, CancellationToken cancellationToken) =>
        trees.Select(static pair => pair.Value);

    public ValueTask<Stream> CopyAsync(Stream source, CancellationToken cancellationToken) => new(source);

    public ValueTask WatchAsync(IReader reader, IReader? other, CancellationToken cancellationToken) => default;
}
