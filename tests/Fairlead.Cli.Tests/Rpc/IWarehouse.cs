using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

public enum Grade : byte
{
    Raw,
    Fine,
}

/// <summary>The contract that these tests call through the tool.</summary>
[RpcContract(Name = "Tests.IWarehouse")]
public interface IWarehouse
{
    Order Echo(Order order);

    ValueTask<Dictionary<string, decimal>> PricesAsync(
        IReadOnlyList<string> items, decimal factor = 1.5m, string? currency = null, CancellationToken cancellationToken = default);

    (int Least, int Most)? Range(int[] numbers);

    Node Deepen(Node node);

    void Fail(int code, string text);

    ValueTask WaitAsync(CancellationToken cancellationToken = default);

    /// <summary>Counts.</summary>
    int Count();

    int Twice(int number);

    [OneWay]
    void Note(string line);

    ValueTask<Access> GrantAsync(
        Access access = Access.Read | Access.Write, Grade? grade = Grade.Fine, CancellationToken cancellationToken = default);
}

[Flags]
public enum Access
{
    None = 0,
    Read = 1,
    Write = 2,
    Run = 4,
}

public sealed record Order(Guid Id, DateTimeOffset At, Line[] Lines, Grade Grade, string? Note);

public sealed record Line(string Item, decimal Price);

public sealed class Node
{
    public required string Name { get; init; }

    public Node? Next { get; init; }
}

internal sealed class Warehouse : IWarehouse
{
    public TaskCompletionSource<string> Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Order Echo(Order order) => order;

    public ValueTask<Dictionary<string, decimal>> PricesAsync(
        IReadOnlyList<string> items, decimal factor, string? currency, CancellationToken cancellationToken) =>
        new(items.ToDictionary(item => item + currency, item => item.Length * factor));

    public (int Least, int Most)? Range(int[] numbers) => numbers.Length == 0 ? null : (numbers.Min(), numbers.Max());

    public Node Deepen(Node node) => new() { Name = "above", Next = node };

    public void Fail(int code, string text) => throw new RpcException(code, text, "more");

    public async ValueTask WaitAsync(CancellationToken cancellationToken) =>
        await new TaskCompletionSource().Task.WaitAsync(cancellationToken);

    public int Count() => 1;

    public int Twice(int number) => 2 * number;

    public ValueTask<Access> GrantAsync(Access access, Grade? grade, CancellationToken cancellationToken) =>
        new(grade == Grade.Fine ? access : access & ~Access.Write);

    public void Note(string line) => Noted.TrySetResult(line);
}
