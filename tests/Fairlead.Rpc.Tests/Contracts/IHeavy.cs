namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Takes collections whose reading can cost more than their bytes say.</summary>
[RpcContract]
public interface IHeavy
{
    int Tables(List<Dictionary<int, int>> tables);

    int Points(Dictionary<Point, int> points);

    int Numbers(HashSet<long> numbers);

    int Pairs((decimal, Guid)[] pairs);
}

internal sealed class Heavy : IHeavy
{
    public int Tables(List<Dictionary<int, int>> tables) => tables.Count;

    public int Points(Dictionary<Point, int> points) => points.Count;

    public int Numbers(HashSet<long> numbers) => numbers.Count;

    public int Pairs((decimal, Guid)[] pairs) => pairs.Length;
}
