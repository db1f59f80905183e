namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Lies in memory as on the wire.</summary>
public readonly record struct Vector(double X, double Y, float Weight, Colour4 Colour, short Left, long Number);

public enum Colour4 : ushort
{
    Red = 1,
    Blue = 0xFFFE,
}

/// <summary>Has gaps in memory.</summary>
public record struct Gap(byte First, int Second, byte Third);

/// <summary>Its parts stand in another order than its fields: those of the constructor first.</summary>
public readonly struct Turned(int second)
{
    public int First { get; init; }

    public int Second { get; } = second;
}

/// <summary>Its code must see each value that is made.</summary>
public struct Checked
{
    private int _percent;

    public int Percent
    {
        readonly get => _percent;
        set => _percent = Math.Clamp(value, 0, 100);
    }
}

/// <summary>A record whose initializer sees what the constructor was given.</summary>
public readonly record struct Clamped(int Percent)
{
    public int Percent { get; init; } = Math.Clamp(Percent, 0, 100);
}

public record struct Outer(Vector Vector, long Number);

/// <summary>Values that are copied, and values that only look so.</summary>
[RpcContract]
public interface ILayouts
{
    Vector One(Vector value);

    Vector[] Array(Vector[] value);

    List<Vector> List(List<Vector> value);

    IReadOnlyList<Vector> Sequence(IReadOnlyList<Vector> value);

    double[] Doubles(double[] value);

    List<Colour4> Enums(List<Colour4> value);

    Gap[] Gaps(Gap[] value);

    Turned[] Turns(Turned[] value);

    Checked[] Checks(Checked[] value);

    Clamped[] Clamps(Clamped[] value);

    Outer[] Nested(Outer[] value);

    bool[] Booleans(bool[] value);
}

internal sealed class Layouts : ILayouts
{
    public Vector One(Vector value) => value;

    public Vector[] Array(Vector[] value) => value;

    public List<Vector> List(List<Vector> value) => value;

    public IReadOnlyList<Vector> Sequence(IReadOnlyList<Vector> value) => [.. value];

    public double[] Doubles(double[] value) => value;

    public List<Colour4> Enums(List<Colour4> value) => value;

    public Gap[] Gaps(Gap[] value) => value;

    public Turned[] Turns(Turned[] value) => value;

    public Checked[] Checks(Checked[] value) => value;

    public Clamped[] Clamps(Clamped[] value) => value;

    public Outer[] Nested(Outer[] value) => value;

    public bool[] Booleans(bool[] value) => value;
}
