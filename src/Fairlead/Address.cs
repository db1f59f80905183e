using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Fairlead;

/// <summary>A URI with a mechanism and a place: <c>shm://orders</c>, <c>unix:///tmp/orders?framing=line</c>.</summary>
/// <remarks>Another example is <c>tcp://localhost:5242</c>. Addresses are immutable, and equal if their normal forms are equal.</remarks>
public sealed partial class Address : IEquatable<Address>
{
    private readonly string _text;
    private readonly AddressScheme _scheme;
    private readonly string _escapedPlace;

    private Address(
        AddressScheme scheme,
        string place,
        string escapedPlace,
        string? host,
        int? port,
        IReadOnlyList<KeyValuePair<string, string>> options)
    {
        _scheme = scheme;
        _escapedPlace = escapedPlace;
        Place = place;
        Host = host;
        Port = port;
        Options = options;
        _text = Compose();
    }

    /// <summary>The mechanism, in lower case: <c>unix</c>.</summary>
    public string Scheme => _scheme.Name;

    /// <summary>The part between <c>://</c> and <c>?</c>, with percent escapes decoded: a name, a path, or a host with its port.</summary>
    public string Place { get; }

    /// <summary>The place as it is written, with its percent escapes: in a broker's address, these tell separators from text.</summary>
    internal string EscapedPlace => _escapedPlace;

    /// <summary>Whether the place is a name in the runtime directory.</summary>
    public bool IsBareName => !IsPath && !IsAbstract && (_scheme.Places & PlaceKinds.Name) != 0 && !Place.Contains(',');

    /// <summary>Whether the place is an absolute path.</summary>
    public bool IsPath => (_scheme.Places & PlaceKinds.Path) != 0 && Place[0] == '/';

    /// <summary>Whether the place is in the abstract namespace of Unix sockets, which has no files: <c>unix://@orders</c>.</summary>
    public bool IsAbstract => (_scheme.Places & PlaceKinds.Abstract) != 0 && Place[0] == '@';

    /// <summary>The host of a network address; otherwise <see langword="null"/>. <c>*</c> means every interface.</summary>
    /// <remarks>In lower case and without the brackets of IPv6. The hosts of a broker stay in <see cref="Place"/>.</remarks>
    public string? Host { get; }

    /// <summary>The port of a network address; otherwise <see langword="null"/>. Port 0 binds any free port.</summary>
    public int? Port { get; }

    /// <summary>The options in their original order, with percent escapes decoded. Each name occurs once.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Options { get; }

    /// <summary>The form for messages and tables: <see cref="ToString"/> with a broker's password hidden.</summary>
    internal string Display => AddressText.Display(_text);

    /// <summary>Returns the value of an option, or <see langword="null"/> if the address does not have it.</summary>
    public string? Option(string name)
    {
        foreach (var option in Options)
        {
            if (option.Key == name)
            {
                return option.Value;
            }
        }

        return null;
    }

    /// <summary>Returns the same address with an option added, or with its value replaced in place.</summary>
    /// <exception cref="AddressFormatException">The name is not an option name, or the value is not valid Unicode text.</exception>
    public Address With(string option, string value)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(value);
        if (OptionNameProblem(option) is { } problem)
        {
            throw new AddressFormatException(_text, problem);
        }

        if (AddressText.Unescape(AddressText.Escape(value, AddressText.OptionSpecials), out var unfit) is null)
        {
            throw new AddressFormatException(_text, $"the value of option '{option}' cannot be used: {unfit}");
        }

        var options = new List<KeyValuePair<string, string>>(Options.Count + 1);
        var replaced = false;
        foreach (var existing in Options)
        {
            replaced |= existing.Key == option;
            options.Add(existing.Key == option ? new(option, value) : existing);
        }

        if (!replaced)
        {
            options.Add(new(option, value));
        }

        return new Address(_scheme, Place, _escapedPlace, Host, Port, options.AsReadOnly());
    }

    /// <summary>Returns the same address without an option, or this address if it does not have that option.</summary>
    public Address Without(string option)
    {
        if (Option(option) is null)
        {
            return this;
        }

        var options = Options.Where(existing => existing.Key != option).ToList();
        return new Address(_scheme, Place, _escapedPlace, Host, Port, options.AsReadOnly());
    }

    /// <summary>Returns the same address with another port, such as the one that a listener on port 0 got.</summary>
    /// <exception cref="InvalidOperationException">The address has no port.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 to 65535.</exception>
    public Address WithPort(int port)
    {
        if (Host is null)
        {
            throw new InvalidOperationException($"Cannot set the port of {Display}: only tcp, tls and udp addresses have a port.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        var place = ComposeHostPort(Host, port);
        return new Address(_scheme, place, AddressText.Escape(place, AddressText.PlaceSpecials), Host, port, Options);
    }

    /// <summary>Returns the same address without options: the part that identifies the place.</summary>
    /// <remarks>
    /// The address of a bound endpoint (<see cref="MessagingEndpoint.Address"/>) contains its own options, and some of these are not meant
    /// for the other end.
    /// </remarks>
    public Address WithoutOptions() =>
        Options.Count == 0 ? this : new Address(_scheme, Place, _escapedPlace, Host, Port, []);

    /// <summary>Returns the normal form, which parses to an equal address.</summary>
    /// <remarks>The normal form of a broker's address contains its password; error messages hide it.</remarks>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] Address? other) => other is not null && other._text == _text;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as Address);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Returns whether both name the same place with the same options.</summary>
    public static bool operator ==(Address? left, Address? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Returns whether the addresses differ.</summary>
    public static bool operator !=(Address? left, Address? right) => !(left == right);

    /// <summary>Parses an address, which lets every method accept a string: <c>Receiver.BindAsync("unix://orders")</c>.</summary>
    /// <exception cref="AddressFormatException">The text is not an address.</exception>
    public static implicit operator Address(string text) => Parse(text);

    private static string ComposeHostPort(string host, int port) => host.Contains(':')
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    private string Compose()
    {
        var text = new StringBuilder(_scheme.Name).Append("://").Append(_escapedPlace);
        var separator = '?';
        foreach (var (name, value) in Options)
        {
            text.Append(separator).Append(name).Append('=').Append(AddressText.Escape(value, AddressText.OptionSpecials));
            separator = '&';
        }

        return text.ToString();
    }
}
