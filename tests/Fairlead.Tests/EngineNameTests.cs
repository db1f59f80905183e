using System.Reflection;

namespace Fairlead.Tests;

/// <summary>
/// A property that holds a part of the engine is called like the part's type, or like the end of that name: <c>link.Sender</c> is a
/// <c>LinkSender</c>. So the name in the code finds the file.
/// </summary>
public sealed class EngineNameTests
{
    private const string Engine = "Fairlead.Patterns.Links";

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // Properties that say which one of several it is: of links, operations, ends or messages. And the endpoint and client of a link.
    private static readonly HashSet<string> Roles =
    [
        "CallerWaits.NextFollower",
        "Link.NextFailed",
        "LinkOperation.Endpoint",
        "LinkOutput.Writing",
        "LinkReceiver.Client",
        "LinkTable.Alone",
        "MemoryWaiter.Alone",
        "MessagesInHand.Cached",
        "Operation.NextCompleted",
        "PeerLink.Endpoint",
        "PeerPresence.LastEnd",
        "PendingCalls.All",
        "Placement.SingleLink",
        "ReadyClient.Ready",
        "SendQueue.First",
    ];

    [Fact]
    public void A_property_is_called_like_its_type()
    {
        string[] others =
        [
            .. typeof(Address).Assembly.GetTypes()
                .Where(IsOfEngine)
                .SelectMany(static type => type.GetProperties(Declared))
                .Where(static property => IsOfEngine(Held(property)) && Held(property) is { IsEnum: false, IsArray: false })
                .Where(static property => property.GetIndexParameters().Length == 0)
                .Where(static property => !NameOf(Held(property)).EndsWith(LastOf(property.Name), StringComparison.Ordinal))
                .Select(static property => $"{property.DeclaringType!.Name}.{property.Name}: {property.PropertyType.Name}")
                .Where(static text => !Roles.Contains(text[..text.IndexOf(':', StringComparison.Ordinal)]))
                .Order(),
        ];
        Assert.True(others.Length == 0, string.Join('\n', others));
    }

    private static Type Held(PropertyInfo property) =>
        property.PropertyType.IsByRef ? property.PropertyType.GetElementType()! : property.PropertyType;

    private static bool IsOfEngine(Type type) =>
        !type.IsGenericParameter && type.Namespace?.StartsWith(Engine, StringComparison.Ordinal) == true;

    // A generic type has its arity behind its name, and a contract an I before it.
    private static string NameOf(Type type) => type.Name.Split('`')[0];

    // An explicit implementation has the name of its contract first.
    private static string LastOf(string name) => name[(name.LastIndexOf('.') + 1)..];
}
