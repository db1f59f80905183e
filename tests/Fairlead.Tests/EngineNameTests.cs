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

    // A property that says which one of several it is, or what the object is to its owner.
    private static readonly HashSet<string> Roles = [];

    [Fact]
    public void A_property_is_called_like_its_type()
    {
        string[] others =
        [
            .. typeof(Address).Assembly.GetTypes()
                .Where(IsOfEngine)
                .SelectMany(static type => type.GetProperties(Declared))
                .Where(static property => IsOfEngine(property.PropertyType) && !property.PropertyType.IsEnum)
                .Where(static property => !NameOf(property.PropertyType).EndsWith(LastOf(property.Name), StringComparison.Ordinal))
                .Select(static property => $"{property.DeclaringType!.Name}.{property.Name}: {property.PropertyType.Name}")
                .Where(static text => !Roles.Contains(text[..text.IndexOf(':', StringComparison.Ordinal)]))
                .Order(),
        ];
        Assert.True(others.Length == 0, string.Join('\n', others));
    }

    private static bool IsOfEngine(Type type) => type.Namespace?.StartsWith(Engine, StringComparison.Ordinal) == true;

    // A generic type has its arity behind its name, and a contract an I before it.
    private static string NameOf(Type type) => type.Name.Split('`')[0];

    // An explicit implementation has the name of its contract first.
    private static string LastOf(string name) => name[(name.LastIndexOf('.') + 1)..];
}
