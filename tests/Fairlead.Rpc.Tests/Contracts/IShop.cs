using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>An article with a type that only its serializer knows.</summary>
public sealed record Article(string Name, Uri Page, JsonElement More, Article? Next = null);

[JsonSerializable(typeof(Article))]
[JsonSerializable(typeof(List<Article>))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(string))]
internal sealed partial class ShopContext : JsonSerializerContext;

internal sealed class ShopJson() : JsonRpcSerializer(ShopContext.Default);

/// <summary>A contract whose values are JSON.</summary>
[RpcContract(Name = "Shop", Serializer = typeof(ShopJson))]
public interface IShop
{
    Article Same(Article article);

    ValueTask<string?> NameAsync(Article? article, CancellationToken cancellationToken = default);

    IAsyncEnumerable<Article> LinesAsync(List<Article> all, CancellationToken cancellationToken = default);

    Task<int> CountAsync(IAsyncEnumerable<Article> items, ICalculator calculator, CancellationToken cancellationToken = default);

    TimeSpan Unknown(TimeSpan value);
}

/// <summary>The same in the format of docs/rpc-format.md.</summary>
[RpcContract(Name = "Shop")]
public interface IPlainShop
{
    ValueTask<string?> NameAsync(string? article, CancellationToken cancellationToken = default);
}

internal sealed class Shop : IShop
{
    public Article Same(Article article) => article;

    public ValueTask<string?> NameAsync(Article? article, CancellationToken cancellationToken) => new(article?.Name);

    public async IAsyncEnumerable<Article> LinesAsync(List<Article> all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Article article in all)
        {
            await Task.Yield();
            yield return article;
        }
    }

    public async Task<int> CountAsync(IAsyncEnumerable<Article> items, ICalculator calculator, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (Article _ in items.WithCancellation(cancellationToken))
        {
            count = await calculator.AddAsync(count, 1, cancellationToken);
        }

        return count;
    }

    public TimeSpan Unknown(TimeSpan value) => value;
}
