using System.Text;
using Fairlead.Rpc.Tests.Contracts;
using Spot = System.Drawing.Point;

[assembly: RpcConverter(typeof(PixelConverter)), RpcConverter(typeof(EncodingConverter)), RpcConverter(typeof(LettersConverter))]

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Types of the base library travel by converters, wherever a type may stand.</summary>
[RpcContract, RpcConverter(typeof(RuneConverter))]
public interface IConverted
{
    Spot Same(Spot value);

    Spot? SameOrNull(Spot? value);

    Encoding? SameEncoding(Encoding? value);

    Rune[] SameRunes(IReadOnlyList<Rune> values);

    Dictionary<Spot, Encoding> SameMap(Dictionary<Spot, Encoding> values);

    HashSet<Rune> SameSet(HashSet<Rune> values);

    (Spot At, Rune? Sign) SamePair((Spot At, Rune? Sign) value);

    Marked SameMarked(Marked value);

    Drawn SameDrawn(Drawn value);

    /// <summary>Its parts contain its type again.</summary>
    StringBuilder SameLetters(StringBuilder value);

    Spot Broken();

    IAsyncEnumerable<Spot> EachAsync(IAsyncEnumerable<Spot> values, CancellationToken cancellationToken = default);

    ValueTask VisitAsync(IPointWatcher watcher, CancellationToken cancellationToken = default);

    [OneWay]
    void Note(Spot value);
}

[RpcContract]
public interface IPointWatcher
{
    ValueTask<Spot> SawAsync(Spot value, CancellationToken cancellationToken = default);
}

public sealed record Marked([property: RpcMember(1)] Spot? At, [property: RpcMember(2)] Encoding? Encoding);

[RpcUnion(1, typeof(Dot)), RpcUnion(2, typeof(Label))]
public abstract record Drawn;

public sealed record Dot(Spot At) : Drawn;

public sealed record Label(Rune Sign, Spot[] Corners) : Drawn;

public readonly record struct Pixel(int X, int Y);

/// <summary>Accepts no negative abscissa at the reader, and no negative ordinate at the writer.</summary>
public sealed class PixelConverter : IRpcConverter<Spot, Pixel>
{
    /// <summary>A value that cannot be sent.</summary>
    public static Spot Unsendable => new(1, -1);

    /// <summary>A value that cannot be read.</summary>
    public static Spot Unreadable => new(-1, 1);

    public static Pixel ToParts(Spot value) =>
        value.Y >= 0 ? new Pixel(value.X, value.Y) : throw new NotSupportedException("a negative ordinate");

    public static Spot FromParts(Pixel parts) =>
        parts.X >= 0 ? new Spot(parts.X, parts.Y) : throw new ArgumentOutOfRangeException(nameof(parts), "secret");
}

public sealed class EncodingConverter : IRpcConverter<Encoding, string>
{
    static string IRpcConverter<Encoding, string>.ToParts(Encoding value) => value.WebName;

    static Encoding IRpcConverter<Encoding, string>.FromParts(string parts) => Encoding.GetEncoding(parts);
}

internal readonly struct RuneConverter : IRpcConverter<Rune, int>
{
    public static int ToParts(Rune value) => value.Value;

    public static Rune FromParts(int parts) => new(parts);
}

public sealed record Letters(char First, StringBuilder? Rest);

public sealed class LettersConverter : IRpcConverter<StringBuilder, Letters>
{
    public static Letters ToParts(StringBuilder value) =>
        new(value[0], value.Length == 1 ? null : new StringBuilder(value.ToString(1, value.Length - 1)));

    public static StringBuilder FromParts(Letters parts) => new StringBuilder().Append(parts.First).Append(parts.Rest);
}

public sealed class ConvertedService : IConverted
{
    public Spot Same(Spot value) => value;

    public Spot? SameOrNull(Spot? value) => value;

    public Encoding? SameEncoding(Encoding? value) => value;

    public Rune[] SameRunes(IReadOnlyList<Rune> values) => [.. values];

    public Dictionary<Spot, Encoding> SameMap(Dictionary<Spot, Encoding> values) => values;

    public HashSet<Rune> SameSet(HashSet<Rune> values) => values;

    public (Spot At, Rune? Sign) SamePair((Spot At, Rune? Sign) value) => value;

    public Marked SameMarked(Marked value) => value;

    public Drawn SameDrawn(Drawn value) => value;

    public StringBuilder SameLetters(StringBuilder value) => value;

    public Spot Broken() => PixelConverter.Unsendable;

    public IAsyncEnumerable<Spot> EachAsync(IAsyncEnumerable<Spot> values, CancellationToken cancellationToken = default) => values;

    public async ValueTask VisitAsync(IPointWatcher watcher, CancellationToken cancellationToken = default) =>
        _ = await watcher.SawAsync(await watcher.SawAsync(new Spot(1, 2), cancellationToken), cancellationToken);

    public void Note(Spot value)
    {
    }
}
