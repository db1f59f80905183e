namespace Fairlead.Rpc.Tests.Contracts;

[RpcUnion(1, typeof(Circle)), RpcUnion(2, typeof(Square)), RpcUnion(3, typeof(Group)), RpcUnion(9, typeof(Vacant))]
public abstract record Figure(string Name);

public sealed record Circle(string Name, double Radius) : Figure(Name);

public record Square(string Name, double Side) : Figure(Name);

/// <summary>A union within a case of itself.</summary>
public sealed record Group(string Name, Figure[] Figures, Figure? Frame) : Figure(Name);

/// <summary>Adds no parts, and hides the name.</summary>
public sealed record Vacant() : Figure("nothing")
{
    [RpcIgnore]
    public new string Name => base.Name;
}

#pragma warning disable FLRPC009 // IFigures shows what happens to it.
/// <summary>Is not among the cases.</summary>
public sealed record Triangle(string Name) : Figure(Name);
#pragma warning restore FLRPC009

/// <summary>A class that is itself a case.</summary>
[RpcUnion(1, typeof(Animal)), RpcUnion(2, typeof(Dog))]
public class Animal
{
    public int Legs { get; set; }
}

public sealed class Dog : Animal
{
    public string Bark { get; set; } = "";
}

[RpcUnion(1, typeof(Metre)), RpcUnion(2, typeof(Mile))]
public interface ILength;

public readonly record struct Metre(double Value) : ILength;

public sealed class Mile : ILength
{
    [RpcMember(1)]
    public double Value { get; set; }
}

public class Plain
{
    public int Value { get; set; }
}

public sealed class Derived : Plain
{
    public int More { get; set; }
}

#pragma warning disable FLRPC009
[RpcContract]
public interface IFigures
{
    Figure Same(Figure figure);

    Figure? SameOrNull(Figure? figure);

    Animal SameAnimal(Animal animal);

    ILength[] SameLengths(ILength[] lengths);

    Plain SamePlain(Plain plain);

    Figure Make(string what);

    IAsyncEnumerable<Figure> EachAsync(IAsyncEnumerable<Figure> figures, CancellationToken cancellationToken = default);
}
#pragma warning restore FLRPC009

internal sealed class Figures : IFigures
{
    public Figure Same(Figure figure) => figure;

    public Figure? SameOrNull(Figure? figure) => figure;

    public Animal SameAnimal(Animal animal) => animal;

    public ILength[] SameLengths(ILength[] lengths) => lengths;

    public Plain SamePlain(Plain plain) => plain;

    public Figure Make(string what) => new Triangle(what);

    public IAsyncEnumerable<Figure> EachAsync(IAsyncEnumerable<Figure> figures, CancellationToken cancellationToken = default) => figures;
}
